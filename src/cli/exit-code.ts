import type { TidingsError } from '../index.ts'

/** What the command ends with. 0 is success, also when whoever reads the output has gone. */
export const exitCodes = {
  failed: 1,
  usage: 2,
  checkFailed: 3,
  missing: 4,
  unreachable: 5,
  refused: 6,
} as const

/** Wrong data is a failure like any other. */
export function exitCodeOf({ kind }: TidingsError): number {
  return kind === 'invalid' ? exitCodes.failed : exitCodes[kind]
}
