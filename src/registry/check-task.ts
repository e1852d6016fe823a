import { type ErrorCode, isTidingsError, TidingsError } from '../kernel/index.ts'
import { type ReadQuestion, type ResolvedSchema, rulesOf, type SchemaType } from '../schema/index.ts'

/** What may take long about an upload: whether it is a schema, or whether one can read what another wrote. */
export type CheckTask =
  | { readonly schemaType: SchemaType; readonly schema: ResolvedSchema }
  | { readonly schemaType: SchemaType; readonly question: ReadQuestion }

/** How it ended, as threads can tell each other. */
export type CheckOutcome =
  | { readonly reasons: readonly string[] }
  | { readonly refused: RefusalCode; readonly sentence: string }
  | { readonly failed: string }

export type RefusalCode = Extract<
  ErrorCode,
  | 'limit_exceeded'
  | 'schema_invalid'
  | 'schema_reference_missing'
  | 'schema_too_complex'
  | 'schema_unsupported'
>

const refusalCodes: readonly RefusalCode[] = [
  'limit_exceeded',
  'schema_invalid',
  'schema_reference_missing',
  'schema_too_complex',
  'schema_unsupported',
]

/** Never rejects. */
export async function outcomeOf(task: CheckTask): Promise<CheckOutcome> {
  try {
    const rules = rulesOf(task.schemaType)
    if ('question' in task) return { reasons: await rules.obstacles(task.question) }
    await rules.check(task.schema)
    return { reasons: [] }
  } catch (error) {
    const refused = isTidingsError(error) ? refusalCodes.find((code) => code === error.code) : undefined
    if (refused !== undefined && isTidingsError(error)) return { refused, sentence: error.sentence }
    return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

/** @throws what the task threw. */
export function reasonsIn(outcome: CheckOutcome): readonly string[] {
  if ('reasons' in outcome) return outcome.reasons
  if ('refused' in outcome) throw new TidingsError(outcome.refused, outcome.sentence)
  throw new Error(`The check of a schema failed in its thread: ${outcome.failed}`)
}
