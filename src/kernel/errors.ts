/**
 * Every error of Tidings: one class, a stable code, a cause, and a sentence that says what to do next.
 * The codes are explained in `docs/errors.md`; a test keeps both lists equal.
 */

/**
 * What an error asks of whoever sees it. The CLI turns it into an exit code, the HTTP APIs into a status.
 * `usage`: the call itself is wrong · `invalid`: the data is wrong · `missing`: there is no such thing ·
 * `unreachable`: the engine does not answer · `refused`: allowed to nobody now · `failed`: it was tried and went wrong.
 */
export type ErrorKind = 'usage' | 'invalid' | 'missing' | 'unreachable' | 'refused' | 'failed'

export const errorCodes = {
  access_denied: 'refused',
  bus_closed: 'refused',
  capability_missing: 'refused',
  catalog_invalid: 'usage',
  config_invalid: 'usage',
  config_missing: 'usage',
  data_invalid: 'invalid',
  dead_letter_missing: 'missing',
  dead_letter_not_dead: 'refused',
  definition_invalid: 'usage',
  delivery_closed: 'refused',
  engine_busy: 'unreachable',
  engine_closed: 'refused',
  engine_unreachable: 'unreachable',
  event_duplicate: 'refused',
  event_invalid: 'invalid',
  event_too_large: 'invalid',
  expected_version: 'refused',
  fenced: 'refused',
  file_corrupt: 'failed',
  file_missing: 'missing',
  file_not_ours: 'refused',
  file_read_only: 'refused',
  file_replaced: 'failed',
  file_version: 'refused',
  group_missing: 'missing',
  handler_crashed: 'failed',
  handler_duplicate: 'usage',
  handler_failed: 'failed',
  handler_timeout: 'failed',
  json_invalid: 'invalid',
  json_too_deep: 'invalid',
  json_unsafe: 'invalid',
  key_held: 'refused',
  key_too_long: 'invalid',
  limit_exceeded: 'refused',
  mapping_failed: 'failed',
  name_invalid: 'usage',
  node_too_old: 'usage',
  not_durable: 'refused',
  option_invalid: 'usage',
  partition_count_mismatch: 'refused',
  partition_missing: 'missing',
  projection_missing: 'missing',
  publish_failed: 'failed',
  publish_overloaded: 'refused',
  record_corrupt: 'failed',
  registry_answer_invalid: 'failed',
  registry_denied: 'refused',
  registry_read_only: 'refused',
  registry_unreachable: 'unreachable',
  reset_required: 'refused',
  rewind_refused: 'refused',
  schema_incompatible: 'refused',
  schema_invalid: 'usage',
  schema_missing: 'missing',
  schema_number_taken: 'refused',
  schema_reference_missing: 'usage',
  schema_referenced: 'refused',
  schema_subject_deleted: 'missing',
  schema_subject_missing: 'missing',
  schema_subject_not_deleted: 'refused',
  schema_too_complex: 'refused',
  schema_unsupported: 'usage',
  schema_version_deleted: 'missing',
  schema_version_missing: 'missing',
  schema_version_not_deleted: 'refused',
  snapshot_failed: 'failed',
  storage_full: 'failed',
  stream_missing: 'missing',
  stream_truncated: 'refused',
  tables_missing: 'missing',
  tables_version: 'refused',
  topic_missing: 'missing',
  trace_missing: 'missing',
  transaction_async: 'usage',
  transaction_invalid: 'usage',
  type_unknown: 'missing',
  upcast_async: 'usage',
  upcast_failed: 'failed',
  url_invalid: 'usage',
  version_newer: 'refused',
  version_uncovered: 'refused',
  version_unknown: 'missing',
  wire_format_invalid: 'invalid',
} as const

export type ErrorCode = keyof typeof errorCodes

/** One thing that is wrong with a value: where (a JSON Pointer, empty for the whole) and what. */
export interface Issue {
  readonly path: string
  readonly message: string
}

/** What some codes carry beside their sentence, for programs. */
export interface ErrorDetails {
  /** The engine's name, and what it lacks: `delay`, `replay from time`. */
  capability_missing: { readonly engine: string; readonly capability: string }
  data_invalid: { readonly issues: readonly Issue[] }
  event_invalid: { readonly issues: readonly Issue[] }
  /** What the caller believed about the stream, and its version: 0 for one without events. */
  expected_version: { readonly expected: 'any' | 'empty' | 'exists' | number; readonly actual: number }
  /** Why not, one sentence each. */
  schema_incompatible: { readonly reasons: readonly string[] }
  /** One entry per record that is not known to be stored; all others are durable. */
  publish_failed: { readonly failed: readonly { readonly index: number; readonly reason: string }[] }
}

export type DetailsOf<Code extends ErrorCode> = Code extends keyof ErrorDetails
  ? ErrorDetails[Code]
  : undefined

export class TidingsError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'TidingsError'
  readonly code: Code
  readonly details: DetailsOf<Code>

  /** @param sentence what happened and what to do next, without the code in front. */
  constructor(
    code: Code,
    sentence: string,
    ...[options]: DetailsOf<Code> extends undefined
      ? [{ readonly cause?: unknown }?]
      : [{ readonly cause?: unknown; readonly details: DetailsOf<Code> }]
  ) {
    super(`${code}: ${sentence}`, options?.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = (options && 'details' in options ? options.details : undefined) as DetailsOf<Code>
  }

  get kind(): ErrorKind {
    return errorCodes[this.code]
  }

  /** The sentence without the code. */
  get sentence(): string {
    return this.message.slice(this.code.length + 2)
  }
}

/** True for an error of Tidings, also of another copy of the package; with a code, only for that one. */
export function isTidingsError<Code extends ErrorCode>(
  error: unknown,
  code?: Code,
): error is TidingsError<Code> {
  if (!(error instanceof Error) || error.name !== 'TidingsError' || !('code' in error)) return false
  return code === undefined || error.code === code
}

/** What was thrown, as an Error: a handler may throw anything. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown
  return new TidingsError(
    'handler_failed',
    `It threw ${describe(thrown)}, which is not an Error. Throw an Error, so that there is a stack to read.`,
    { cause: thrown },
  )
}

function describe(value: unknown): string {
  try {
    const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
    return text.length > 200 ? `${text.slice(0, 200)}…` : text
  } catch {
    return `a value of type ${typeof value}`
  }
}

/** "a", "a and b", "a, b and c"; after `limit` names "and 4 more". */
export function listed(names: Iterable<string>, limit = 5): string {
  const all = [...names]
  const shown = all.slice(0, limit)
  const rest = all.length - shown.length
  if (rest > 0) return `${shown.join(', ')} and ${rest} more`
  if (shown.length < 2) return shown.join('')
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}
