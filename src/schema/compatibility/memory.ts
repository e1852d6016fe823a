import type { Outcome } from './outcome.ts'

interface Entry {
  readonly key: string
  readonly outcome: Outcome
  readonly depth: number
  /** The least depth of an unfinished comparison that the outcome takes for granted; infinite if of none. */
  assumes: number
  finished: boolean
}

/**
 * Outcomes by what was compared. A schema that refers to itself meets a comparison that is still going on: it counts
 * as compatible there, and if it turns out not to be, whatever was built on that is forgotten.
 */
export class OutcomeMemory {
  readonly #entries = new Map<string, Entry>()
  readonly #going: Entry[] = []
  #provisional: Entry[] = []

  /** How many comparisons are inside each other. */
  get depth(): number {
    return this.#going.length
  }

  recall(key: string): Outcome | undefined {
    const entry = this.#entries.get(key)
    if (entry) this.#assume(entry.finished ? entry.assumes : entry.depth)
    return entry?.outcome
  }

  /** `compare` fills the outcome. */
  remember(key: string, outcome: Outcome, compare: () => void): Outcome {
    const depth = this.#going.length
    const entry: Entry = { key, outcome, depth, assumes: Number.POSITIVE_INFINITY, finished: false }
    const before = this.#provisional.length
    this.#entries.set(key, entry)
    this.#going.push(entry)
    compare()
    this.#going.pop()
    entry.finished = true
    if (outcome.broken) this.#forget(before)
    else if (entry.assumes < depth) this.#provisional.push(entry)
    else this.#confirm(before)
    if (outcome.broken || entry.assumes >= depth) entry.assumes = Number.POSITIVE_INFINITY
    else this.#assume(entry.assumes)
    return outcome
  }

  #assume(depth: number): void {
    const current = this.#going.at(-1)
    if (current) current.assumes = Math.min(current.assumes, depth)
  }

  #forget(from: number): void {
    for (const { key } of this.#provisional.splice(from)) this.#entries.delete(key)
  }

  #confirm(from: number): void {
    for (const entry of this.#provisional.splice(from)) entry.assumes = Number.POSITIVE_INFINITY
  }
}
