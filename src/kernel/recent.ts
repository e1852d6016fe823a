/** What was used last, by name: over `limit` entries, the one that was not used for the longest time goes. */
export class Recent<Value> {
  readonly #limit: number
  /** In the order of their last use. */
  readonly #entries = new Map<string, Value>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get(name: string): Value | undefined {
    const value = this.#entries.get(name)
    if (value !== undefined) this.set(name, value)
    return value
  }

  set(name: string, value: Value): void {
    this.#entries.delete(name)
    this.#entries.set(name, value)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limit) break
      this.#entries.delete(oldest)
    }
  }

  delete(name: string): void {
    this.#entries.delete(name)
  }
}
