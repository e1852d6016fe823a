import { Worker } from 'node:worker_threads'
import { nowUs } from '../history.ts'
import type { Phase } from './list.ts'

/** Where a process is to die: at which passing of the point, counted from 1. */
export interface Strike {
  readonly point: string
  readonly phase: Phase
  readonly passing: number
  /** Whether it has to be seen that the step was under way: a step of a few µs may be over each time that the killer looks. */
  readonly isProven: boolean
}

/** What main thread and killer tell each other in shared memory. */
export const signals = { idle: 0, armed: 1, ready: 2, go: 3, done: 4 } as const

/** Of the time that the step has taken before: the killer waits for a part of it. */
const latestPart = 0.7

/**
 * Kills this process with -9 at a point. While a step is under way a second thread does it, also where the first is in
 * the engine; a step that was over before is let go, and the next one is tried.
 */
export class Striker {
  readonly #strike: Strike | undefined
  readonly #tell: (strike: Strike) => void
  readonly #signal = new Int32Array(new SharedArrayBuffer(12))
  readonly #killer: Worker | undefined
  #passed = 0
  /** The shortest that the step has taken yet; the killer waits less. */
  #shortestUs = Number.POSITIVE_INFINITY
  #begunUs = 0

  constructor(strike: Strike | undefined, tell: (strike: Strike) => void) {
    this.#strike = strike
    this.#tell = tell
    if (strike?.phase !== 'at') return
    this.#killer = new Worker(new URL('killer.ts', import.meta.url), { workerData: this.#signal.buffer })
    this.#killer.unref()
  }

  /** A step, whatever it returns: a Promise is over when it settles. */
  step<Result>(point: string, run: () => Result): Result {
    if (this.#strike?.point !== point) return run()
    this.#passed += 1
    if (this.#passed >= this.#strike.passing) this.#begin(this.#strike)
    this.#begunUs = nowUs()
    const result = run()
    if (result instanceof Promise) void result.then(this.#over, this.#over)
    else this.#over()
    return result
  }

  #begin(strike: Strike): void {
    if (strike.phase !== 'after') this.#tell(strike)
    if (strike.phase === 'before') this.#die()
    if (strike.phase === 'at') this.#arm()
  }

  readonly #over = (): void => {
    if (this.#strike?.phase === 'at') this.#release()
    if (this.#strike?.phase !== 'after' || this.#passed < this.#strike.passing) return
    this.#tell(this.#strike)
    this.#die()
  }

  #arm(): void {
    const longestUs = Number.isFinite(this.#shortestUs) ? this.#shortestUs * latestPart : 0
    this.#signal[1] = Math.round(Math.random() * longestUs)
    this.#signal[2] = this.#strike?.isProven ? 1 : 0
    this.#say(signals.armed)
    while (Atomics.load(this.#signal, 0) !== signals.ready);
    Atomics.store(this.#signal, 0, signals.go)
  }

  #release(): void {
    this.#say(signals.done)
    this.#shortestUs = Math.min(this.#shortestUs, nowUs() - this.#begunUs)
  }

  #say(signal: number): void {
    Atomics.store(this.#signal, 0, signal)
    Atomics.notify(this.#signal, 0)
  }

  #die(): never {
    process.kill(process.pid, 'SIGKILL')
    // The signal is delivered before the call returns to us.
    for (;;);
  }
}
