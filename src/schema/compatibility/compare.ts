import { Comparison } from './comparison.ts'
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
 * The schemas are taken to be valid, as `compileSchema` finds them.
 * @throws `schema_reference_missing` for a `$ref` that leads nowhere; `schema_too_complex` over the work budget;
 * `schema_invalid` for one that nests too deep, or has a pattern that RE2 cannot run.
 */
export function compareSchemas(
  writer: SchemaSource,
  reader: SchemaSource,
  { policy = 'strict', newer = 'reader' }: CompareOptions = {},
): readonly Difference[] {
  return new Comparison(writer, reader, policy, newer).compare().differences()
}
