const references: ReadonlySet<string> = new Set(['$ref', '$dynamicRef', '$recursiveRef'])

/** Numbers JSON values by their content: equal values have equal numbers, whatever the order of their keys. */
export class CanonicalNumbers {
  readonly #byContent = new Map<string, number>()
  readonly #byObject = new WeakMap<object, number>()
  readonly #referring = new Set<number>()

  /** Values nest no deeper than a schema may. */
  of(value: unknown): number {
    if (typeof value !== 'object' || value === null) return this.#numbered(JSON.stringify(value) ?? '', false)
    const known = this.#byObject.get(value)
    if (known !== undefined) return known
    const number = Array.isArray(value) ? this.#ofArray(value) : this.#ofObject(value)
    this.#byObject.set(value, number)
    return number
  }

  /** Whether a reference is somewhere inside, so that the same words may mean something else in another place. */
  refers(value: unknown): boolean {
    return this.#referring.has(this.of(value))
  }

  #ofArray(values: readonly unknown[]): number {
    const numbers = values.map((value) => this.of(value))
    return this.#numbered(
      `[${numbers.join()}`,
      numbers.some((number) => this.#referring.has(number)),
    )
  }

  #ofObject(object: object): number {
    let refers = false
    const entries = Object.entries(object).map(([key, value]) => {
      const number = this.of(value)
      refers ||= references.has(key) || this.#referring.has(number)
      return `${JSON.stringify(key)}:${number}`
    })
    return this.#numbered(`{${entries.toSorted().join()}`, refers)
  }

  #numbered(content: string, refers: boolean): number {
    let number = this.#byContent.get(content)
    if (number === undefined) {
      number = this.#byContent.size
      this.#byContent.set(content, number)
      if (refers) this.#referring.add(number)
    }
    return number
  }
}
