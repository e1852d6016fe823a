import type { Clock, Timer } from '../kernel/index.ts'

/** Calls back for everything that is not over after the same length of time, with one timer for all. */
export class Deadlines<Item> {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #expired: (item: Item) => void
  /** In the order of their start, which is the order of their ends. */
  readonly #ends = new Map<Item, number>()
  #timer: Timer | undefined

  constructor(clock: Clock, timeoutMs: number, expired: (item: Item) => void) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#expired = expired
  }

  add(item: Item): void {
    this.#ends.set(item, this.#clock.monotonic() + this.#timeoutMs)
    if (this.#timer === undefined) this.#arm(this.#timeoutMs)
  }

  remove(item: Item): void {
    this.#ends.delete(item)
  }

  close(): void {
    this.#timer?.cancel()
    this.#ends.clear()
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.schedule(delayMs, () => this.#sweep())
  }

  #sweep(): void {
    const nowMs = this.#clock.monotonic()
    this.#timer = undefined
    for (const [item, endMs] of this.#ends) {
      if (endMs > nowMs) {
        this.#arm(endMs - nowMs)
        return
      }
      this.#ends.delete(item)
      this.#expired(item)
    }
  }
}
