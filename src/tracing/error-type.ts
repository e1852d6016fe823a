import { isTidingsError } from '../kernel/index.ts'

/** What kind of error it was, for `error.type`: never its message, of which there may be any number. */
export function errorType(error: unknown): string {
  if (isTidingsError(error)) return error.code
  return error instanceof Error ? error.name : 'other'
}
