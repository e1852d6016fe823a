import { type ErrorCode, isTidingsError } from '../kernel/index.ts'

/** An answer that tells a client what is wrong: `code` is Confluent's, whose first three digits are the status. */
export class Fault extends Error {
  readonly code: number

  constructor(code: number, sentence: string) {
    super(sentence)
    this.code = code
  }
}

/** Codes of Confluent's REST API, which clients decide by. */
export const faultCodes = {
  badRequest: 400,
  unauthorized: 401,
  forbidden: 403,
  notFound: 404,
  versionMissing: 40402,
  schemaMissing: 40403,
  configMissing: 40408,
  modeMissing: 40409,
  schemaInvalid: 42201,
  versionInvalid: 42202,
  levelInvalid: 42203,
  modeInvalid: 42204,
  notPermitted: 42205,
  nameInvalid: 42208,
  tooLarge: 42209,
  contextInUse: 42211,
  failed: 50001,
  busy: 50002,
} as const

const codes: Partial<Readonly<Record<ErrorCode, number>>> = {
  json_invalid: faultCodes.badRequest,
  json_too_deep: faultCodes.badRequest,
  json_unsafe: faultCodes.badRequest,
  schema_subject_missing: 40401,
  schema_version_missing: faultCodes.versionMissing,
  schema_missing: faultCodes.schemaMissing,
  schema_subject_deleted: 40404,
  schema_subject_not_deleted: 40405,
  schema_version_deleted: 40406,
  schema_version_not_deleted: 40407,
  schema_incompatible: 40901,
  schema_invalid: faultCodes.schemaInvalid,
  schema_unsupported: faultCodes.schemaInvalid,
  registry_read_only: faultCodes.notPermitted,
  schema_referenced: 42206,
  schema_number_taken: 42207,
  name_invalid: faultCodes.nameInvalid,
  schema_reference_missing: faultCodes.schemaInvalid,
  schema_too_complex: faultCodes.schemaInvalid,
  limit_exceeded: faultCodes.tooLarge,
  engine_busy: faultCodes.busy,
}

/** What a client is told of an error; undefined for one that nobody foresaw, of which it is told nothing. */
export function faultOf(error: unknown): Fault | undefined {
  if (error instanceof Fault) return error
  if (!isTidingsError(error)) return undefined
  return new Fault(codes[error.code] ?? faultCodes.failed, error.sentence)
}

export function statusOf({ code }: Fault): number {
  return code < 1_000 ? code : Math.floor(code / 100)
}
