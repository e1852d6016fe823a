import type { Io } from './io.ts'
import type { Output } from './output.ts'

/** What every command gets. */
export interface Context {
  readonly io: Io
  readonly output: Output
  /** What the process ends with when the command itself fulfils: it did its work, but not all was well. */
  exitCode: number
}
