import type { Readable, Writable } from 'node:stream'

/** A stream of the process, which may be a terminal. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** Everything that a command touches of the process around it. */
export interface Io {
  readonly stdin: Readable
  /** Data. */
  readonly stdout: OutputStream
  /** Words. */
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** What relative paths begin at. */
  readonly cwd: string
  /** Aborts when the command shall end. */
  readonly signal: AbortSignal
  /** Fulfils after that time, or as soon as the signal aborts. */
  wait(delayMs: number, signal: AbortSignal): Promise<void>
}
