/** From when the last renewals of one lease count, shared by the event loop and the thread beside it. */
export class RenewalTimes {
  readonly shared: SharedArrayBuffer
  readonly #microseconds: BigInt64Array

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.shared = shared
    this.#microseconds = new BigInt64Array(shared)
  }

  get byLoopMs(): number {
    return this.#get(byLoop)
  }

  get besideMs(): number {
    return this.#get(beside)
  }

  setByLoop(ms: number): void {
    this.#set(byLoop, ms)
  }

  setBeside(ms: number): void {
    this.#set(beside, ms)
  }

  #get(index: number): number {
    const microseconds = Atomics.load(this.#microseconds, index)
    return microseconds === 0n ? Number.NEGATIVE_INFINITY : Number(microseconds) / 1_000
  }

  /** Rounded down: a lease must not seem to run longer than it does. */
  #set(index: number, ms: number): void {
    Atomics.store(this.#microseconds, index, BigInt(Math.floor(ms * 1_000)))
  }
}

const byLoop = 0
const beside = 1
