import type { Difference, SchemaSource } from './difference.ts'
import type { CompatibilityPolicy } from './level.ts'

export interface CompareOptions {
  /** Default: `strict`. */
  readonly policy?: CompatibilityPolicy
  /** Which of the two can still be changed, and so which one a fix speaks of. Default: `reader`. */
  readonly newer?: 'reader' | 'writer'
}

/**
 * Every difference that matters to data written with `writer` and read with `reader`. Compatible when none `breaks`.
 * BACKWARD asks for `compareSchemas(earlier, update)`, FORWARD for `compareSchemas(update, earlier, { newer: 'writer' })`.
 * @throws `schema_reference_missing` for a `$ref` that leads nowhere; `schema_too_complex` over the work budget.
 */
export function compareSchemas(
  writer: SchemaSource,
  reader: SchemaSource,
  options: CompareOptions = {},
): readonly Difference[] {
  throw new Error(`not written yet: ${JSON.stringify([writer.schema, reader.schema, options])}`)
}
