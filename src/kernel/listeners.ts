import { toError } from './errors.ts'

/**
 * Who wants to be told. One that throws harms neither whoever tells it nor the others: what it threw becomes a warning
 * of the process.
 */
export class Listeners<Told extends readonly unknown[] = []> {
  readonly #all = new Set<{ readonly listener: (...told: Told) => void }>()

  get size(): number {
    return this.#all.size
  }

  /** Returns how to stop. */
  add(listener: (...told: Told) => void): () => void {
    const entry = { listener }
    this.#all.add(entry)
    return () => this.#all.delete(entry)
  }

  tell(...told: Told): void {
    for (const { listener } of this.#all) {
      try {
        listener(...told)
      } catch (error) {
        process.emitWarning(toError(error))
      }
    }
  }

  clear(): void {
    this.#all.clear()
  }
}
