/**
 * Which events of a partition an earlier owner may have died of: RabbitMQ says of an event that it was delivered before, and not to
 * whom. Kept for as long as this member has the partition, over lost channels: what it had in hand itself has ended nobody.
 */
export class Suspects {
  readonly #open = new Set<string>()
  /** All that the earlier owner had has come. */
  #complete: boolean

  /** @param calm the earlier owner has let go in order, and had nothing in hand. */
  constructor(calm: boolean) {
    this.#complete = calm
  }

  /** Whether an event is suspect that was delivered before. @param identity what it is known by. */
  includes(identity: string): boolean {
    if (!this.#complete) this.#open.add(identity)
    return this.#open.has(identity)
  }

  /** An event has come that nobody had before: a queue gives back first what it gives again. */
  complete(): void {
    this.#complete = true
  }

  /** An event is done with. */
  clear(identity: string): void {
    this.#open.delete(identity)
  }
}
