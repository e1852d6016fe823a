/** Runs what has one name one after the other, and what has different names side by side. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>()

  run<Result>(name: string, action: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(name) ?? Promise.resolve()
    const result = before.then(action)
    const settled: Promise<void> = result.then(
      () => this.#forget(name, settled),
      () => this.#forget(name, settled),
    )
    this.#last.set(name, settled)
    return result
  }

  #forget(name: string, settled: Promise<void>): void {
    if (this.#last.get(name) === settled) this.#last.delete(name)
  }
}
