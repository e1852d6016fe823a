/** How the commands of this run were answered. A refusal is the reason, or undefined for an accepted command. */
export class Tally {
  orders = 0
  created = 0
  readonly refused: Record<string, number> = {}

  /** A new order was asked for. */
  order(refusal: string | undefined): void {
    this.orders += 1
    if (refusal === undefined) this.created += 1
    else this.#refuse(refusal)
  }

  /** The next step of an order was asked for. */
  step(refusal: string | undefined): void {
    if (refusal !== undefined) this.#refuse(refusal)
  }

  #refuse(reason: string): void {
    this.refused[reason] = (this.refused[reason] ?? 0) + 1
  }
}
