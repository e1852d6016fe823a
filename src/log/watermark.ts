/** Finished offsets above the watermark: `[from, to)`, ascending, not touching each other. */
export type FinishedRange = readonly [from: number, to: number]

/**
 * How far a partition is finished: the watermark (everything before it is), and the ranges finished above it.
 * Finishing in order costs nothing but a comparison; out of order, a binary search among the ranges.
 */
export class Watermark {
  #offset: number
  readonly #ranges: [from: number, to: number][]

  constructor(offset: number, finished: readonly FinishedRange[] = []) {
    this.#offset = offset
    this.#ranges = finished.filter(([, to]) => to > offset).map(([from, to]) => [Math.max(from, offset), to])
    this.#absorb()
  }

  /** The lowest offset that is not finished. */
  get offset(): number {
    return this.#offset
  }

  get ranges(): readonly FinishedRange[] {
    return this.#ranges
  }

  isFinished(offset: number): boolean {
    if (offset < this.#offset) return true
    const range = this.#ranges[this.#lastFrom(offset)]
    return range !== undefined && offset < range[1]
  }

  /** Marks an offset as finished; a second time changes nothing. */
  finish(offset: number): void {
    if (offset === this.#offset) {
      this.#offset += 1
      if (this.#ranges.length > 0) this.#absorb()
      return
    }
    if (this.isFinished(offset)) return
    const below = this.#lastFrom(offset)
    const before = this.#ranges[below]
    const after = this.#ranges[below + 1]
    const joinsBefore = before !== undefined && before[1] === offset
    const joinsAfter = after !== undefined && after[0] === offset + 1
    if (joinsBefore && joinsAfter) {
      before[1] = after[1]
      this.#ranges.splice(below + 1, 1)
    } else if (joinsBefore) before[1] = offset + 1
    else if (joinsAfter) after[0] = offset
    else this.#ranges.splice(below + 1, 0, [offset, offset + 1])
  }

  /** Passes over offsets that will never be delivered: a compacted or truncated log has gaps. */
  skipTo(offset: number): void {
    if (offset <= this.#offset) return
    this.#offset = offset
    while (this.#ranges[0] !== undefined && this.#ranges[0][1] <= offset) this.#ranges.shift()
    this.#absorb()
  }

  #absorb(): void {
    const first = this.#ranges[0]
    if (first === undefined || first[0] > this.#offset) return
    this.#offset = Math.max(this.#offset, first[1])
    this.#ranges.shift()
  }

  /** The index of the last range that begins at or before the offset, -1 without one. */
  #lastFrom(offset: number): number {
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ranges[middle]?.[0] ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
