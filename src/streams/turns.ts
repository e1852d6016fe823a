import { limits, TidingsError } from '../kernel/index.ts'

/**
 * Runs tasks of one name one after the other, in the order they came. Commands of one process for one stream would only
 * meet at the append, and all but one would have decided in vain.
 */
export class Turns {
  readonly #waiting = new Map<string, { count: number; last: Promise<unknown> }>()

  /** @throws `limit_exceeded` when `limits.executeWaiting` wait already. */
  async run<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
    const line = this.#waiting.get(name) ?? { count: 0, last: Promise.resolve() }
    if (line.count >= limits.executeWaiting) throw tooMany(name)
    line.count += 1
    this.#waiting.set(name, line)
    const turn = line.last.then(task)
    line.last = turn.catch(() => undefined)
    try {
      return await turn
    } finally {
      line.count -= 1
      if (line.count === 0) this.#waiting.delete(name)
    }
  }
}

function tooMany(name: string): TidingsError {
  return new TidingsError(
    'limit_exceeded',
    `${limits.executeWaiting} commands wait for stream "${name}" already. Await them before sending more.`,
  )
}
