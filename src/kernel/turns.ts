interface Line {
  count: number
  last: Promise<unknown>
}

/** Runs what has one name one after the other, in the order it came, and what has different names side by side. */
export class Turns {
  readonly #lines = new Map<string, Line>()
  readonly #between: () => Promise<void>

  /** @param between is awaited after each, before the next of its name. Default: nothing. */
  constructor(between: () => Promise<void> = () => Promise.resolve()) {
    this.#between = between
  }

  /** How many of a name run or wait. */
  count(name: string): number {
    return this.#lines.get(name)?.count ?? 0
  }

  /** Fulfils or rejects as `action` does; what one rejects with does not concern the next. */
  run<Result>(name: string, action: () => Promise<Result>): Promise<Result> {
    const line = this.#lines.get(name) ?? { count: 0, last: Promise.resolve() }
    this.#lines.set(name, line)
    line.count += 1
    const turn = line.last.then(action)
    line.last = this.#leave(name, line, turn)
    return turn
  }

  async #leave(name: string, line: Line, turn: Promise<unknown>): Promise<void> {
    await turn.catch(() => undefined)
    await this.#between()
    line.count -= 1
    if (line.count === 0) this.#lines.delete(name)
  }
}
