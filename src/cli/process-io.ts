import { setTimeout } from 'node:timers/promises'
import type { Io } from './io.ts'
import { run } from './run.ts'

/** Runs the command of this process, whose exit code is then set. */
export async function runInProcess(): Promise<void> {
  process.exitCode = await run(process.argv.slice(2), processIo())
  // A pipe that is still open on the other side would keep the process.
  process.stdin.destroy()
}

/** The first signal asks a command to end; the second one ends the process. */
function processIo(): Io {
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort())
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    signal: ending.signal,
    wait: (delayMs, signal) => setTimeout(delayMs, undefined, { signal }).catch(() => undefined),
  }
}
