import { clearTimeout as clearNodeTimeout, setImmediate, setTimeout as setNodeTimeout } from 'node:timers'

/** Where time and timers come from. Everything that waits or stamps takes one, so that a test can own time. */
export interface Clock {
  /** Wall time in whole ms since the Unix epoch. It may jump. */
  now(): number
  /** ms since the machine started or so: the same for all its processes, never going back, ignoring the wall clock. */
  monotonic(): number
  /** Calls back once, after `delayMs`. A `background` timer does not keep the process alive. */
  schedule(delayMs: number, callback: () => void, options?: { readonly background?: boolean }): Timer
  /** Calls back once, after what is already queued in this turn of the event loop. */
  defer(callback: () => void): void
}

export interface Timer {
  cancel(): void
}

/** Node's timers fire at once when asked to wait longer than this. */
const longestTimeoutMs = 2 ** 31 - 1

/** Where this process began on the machine's monotonic clock: `performance.now` is cheaper to read, but begins at 0. */
const processStartMs = Number(process.hrtime.bigint() / 1_000n) / 1_000 - performance.now()

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => processStartMs + performance.now(),
  schedule(delayMs, callback, options) {
    let timer: NodeJS.Timeout
    const wait = (restMs: number): void => {
      const stepMs = Math.min(restMs, longestTimeoutMs)
      timer = setNodeTimeout(() => (restMs > stepMs ? wait(restMs - stepMs) : callback()), stepMs)
      if (options?.background) timer.unref()
    }
    wait(Math.max(0, delayMs))
    return { cancel: () => clearNodeTimeout(timer) }
  },
  defer(callback) {
    setImmediate(callback)
  },
}

/** Fulfils after `delayMs`, or at once when the signal aborts; it never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.schedule(delayMs, done)
    signal?.addEventListener('abort', done, { once: true })
  })
}
