import { type Lane, newLane } from './lane.ts'

/** After so many lanes have left, the table they were in is given up: see {@link Line} for what it would keep. */
const leftBeforeRenewal = 1_024

/** The lanes of one partition that hold something, by key. */
export class Lanes {
  #byKey = new Map<string, Lane>()
  #left = 0

  of(key: string | undefined): Lane {
    if (key === undefined) return newLane(undefined)
    let lane = this.#byKey.get(key)
    if (lane === undefined) {
      lane = newLane(key)
      this.#byKey.set(key, lane)
    }
    return lane
  }

  /** Forgets a lane that has become empty. */
  leave({ key }: Lane): void {
    if (key === undefined || !this.#byKey.delete(key)) return
    this.#left += 1
    if (this.#left < leftBeforeRenewal) return
    this.#left = 0
    this.#byKey = new Map(this.#byKey)
  }

  clear(): void {
    this.#byKey.clear()
  }
}
