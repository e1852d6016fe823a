import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock, Timer } from '../kernel/index.ts'

interface Scheduled extends Timer {
  readonly atMs: number
  readonly order: number
  readonly callback: () => void
}

/** A clock that stands still until it is told to move: a test's own time. */
export class VirtualClock implements Clock {
  readonly #timers = new Set<Scheduled>()
  readonly #startMs: number
  #elapsedMs = 0
  #order = 0
  #shiftMs = 0

  /** @param start where wall time begins. */
  constructor(start: string = '2026-01-01T00:00:00Z') {
    this.#startMs = Date.parse(start)
  }

  now(): number {
    return Math.floor(this.#startMs + this.#elapsedMs + this.#shiftMs)
  }

  monotonic(): number {
    return this.#elapsedMs
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const timer: Scheduled = {
      atMs: this.#elapsedMs + Math.max(0, delayMs),
      order: this.#order++,
      callback,
      cancel: () => this.#timers.delete(timer),
    }
    this.#timers.add(timer)
    return timer
  }

  /** Deferred work runs in real turns of the event loop: it takes no time. */
  defer(callback: () => void): void {
    setImmediate(callback)
  }

  /** Moves time, firing timers in order; what they start may finish before the next fires. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms
    await settle()
    for (;;) {
      const next = this.#next(untilMs)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs)
      next.callback()
      await settle()
    }
    this.#elapsedMs = untilMs
    await settle()
  }

  /** The wall clock jumps, as when an operator sets it; monotonic time does not. */
  jump(ms: number): void {
    this.#shiftMs += ms
  }

  /** How far the next timer is, in ms; undefined where there is none. */
  get untilNextMs(): number | undefined {
    const next = this.#next(Number.POSITIVE_INFINITY)
    return next && Math.max(0, next.atMs - this.#elapsedMs)
  }

  #next(untilMs: number): Scheduled | undefined {
    let first: Scheduled | undefined
    for (const timer of this.#timers) {
      if (timer.atMs > untilMs) continue
      if (
        first === undefined ||
        timer.atMs < first.atMs ||
        (timer.atMs === first.atMs && timer.order < first.order)
      ) {
        first = timer
      }
    }
    return first
  }
}

/** Enough turns of the event loop for what is under way without timers to come to rest. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < turnsToSettle; turn++) await nextTurn()
}

const turnsToSettle = 20
