/** An item and its neighbours in a line. */
export interface Place<Item> {
  readonly item: Item
  before: Place<Item> | undefined
  after: Place<Item> | undefined
}

/**
 * Items in the order they came, of which any can leave at once: a linked list. A Map would do the same, but V8 keeps
 * what has left a long-lived Map until the next full collection, because each table that the Map outgrew refers to the
 * one that followed (bench/README.md). Here, what has left refers to nothing, and so dies young and cheaply.
 */
export class Line<Item> implements Iterable<Item> {
  #first: Place<Item> | undefined
  #last: Place<Item> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  add(item: Item): Place<Item> {
    const place: Place<Item> = { item, before: this.#last, after: undefined }
    if (this.#last === undefined) this.#first = place
    else this.#last.after = place
    this.#last = place
    this.#size += 1
    return place
  }

  /** `place` is what this line's `add` returned; leaving a second time changes nothing. */
  remove(place: Place<Item>): void {
    const { before, after } = place
    if (before === undefined && this.#first !== place) return
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    place.before = undefined
    place.after = undefined
    this.#size -= 1
  }

  /** Takes the first item out. */
  shift(): Item | undefined {
    const first = this.#first
    if (first !== undefined) this.remove(first)
    return first?.item
  }

  clear(): void {
    while (this.#first !== undefined) this.remove(this.#first)
  }

  /** The line must not change meanwhile, except that the item just given may leave. */
  *[Symbol.iterator](): Generator<Item> {
    let place = this.#first
    while (place !== undefined) {
      const { item, after } = place
      yield item
      place = after
    }
  }
}
