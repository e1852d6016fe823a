import type { Clock, Timer } from '../kernel/index.ts'
import { Line, type Place } from './line.ts'

/** An item, and when its time is over by the monotonic clock. */
export interface Deadline<Item> {
  readonly item: Item
  readonly endMs: number
}

/** Calls back for everything that is not over after the same length of time, with one timer for all. */
export class Deadlines<Item> {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #expired: (item: Item) => void
  /** In the order of their start, which is the order of their ends. */
  readonly #deadlines = new Line<Deadline<Item>>()
  #timer: Timer | undefined

  constructor(clock: Clock, timeoutMs: number, expired: (item: Item) => void) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#expired = expired
  }

  add(item: Item): Place<Deadline<Item>> {
    if (this.#timer === undefined) this.#arm(this.#timeoutMs)
    return this.#deadlines.add({ item, endMs: this.#clock.monotonic() + this.#timeoutMs })
  }

  remove(deadline: Place<Deadline<Item>>): void {
    this.#deadlines.remove(deadline)
  }

  close(): void {
    this.#timer?.cancel()
    this.#deadlines.clear()
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.schedule(delayMs, () => this.#sweep())
  }

  #sweep(): void {
    const nowMs = this.#clock.monotonic()
    this.#timer = undefined
    for (const { item, endMs } of this.#deadlines) {
      if (endMs > nowMs) {
        this.#arm(endMs - nowMs)
        return
      }
      this.#deadlines.shift()
      this.#expired(item)
    }
  }
}
