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
    let [content, refers] = ['[', false]
    for (const value of values) {
      const number = this.of(value)
      content += `${number},`
      refers ||= this.#referring.has(number)
    }
    return this.#numbered(content, refers)
  }

  /** The length in front of a key tells where it ends. */
  #ofObject(object: object): number {
    let [content, refers] = ['{', false]
    for (const [key, value] of Object.entries(object).toSorted(byKey)) {
      const number = this.of(value)
      content += `${key.length}:${key}${number},`
      refers ||= references.has(key) || this.#referring.has(number)
    }
    return this.#numbered(content, refers)
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

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}
