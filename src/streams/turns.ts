import { type Clock, limits, type Random, TidingsError } from '../kernel/index.ts'
import { retryConflicts } from './retry-conflicts.ts'
import { streamText } from './stream-name.ts'
import type { StreamId } from './stream-store.ts'

interface Line {
  count: number
  last: Promise<unknown>
}

/**
 * Runs the commands of one process for one stream one after the other, in the order they came: together they would only
 * meet at the append, and all but one would have decided in vain. A command that meets those of other processes runs again.
 */
export class Turns {
  readonly #lines = new Map<string, Line>()
  readonly #chances: { readonly clock: Clock; readonly random: Random }

  constructor(clock: Clock, random: Random) {
    this.#chances = { clock, random }
  }

  /** @throws `limit_exceeded` when `limits.executeWaiting` wait already, and what `run` throws. */
  async run<Result>(stream: StreamId, run: () => Promise<Result>): Promise<Result> {
    const name = streamText(stream)
    const line = this.#lines.get(name) ?? { count: 0, last: Promise.resolve() }
    if (line.count >= limits.executeWaiting) throw tooMany(name)
    line.count += 1
    this.#lines.set(name, line)
    const turn = line.last.then(() => retryConflicts(run, this.#chances))
    line.last = this.#leave(name, line, turn)
    return turn
  }

  async #leave(name: string, line: Line, turn: Promise<unknown>): Promise<void> {
    await turn.catch(() => undefined)
    await othersFirst()
    line.count -= 1
    if (line.count === 0) this.#lines.delete(name)
  }
}

/**
 * Lets the event loop turn once: whoever has just appended would otherwise load again before those who lost to it, and win
 * again.
 */
function othersFirst(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

function tooMany(name: string): TidingsError {
  return new TidingsError(
    'limit_exceeded',
    `${limits.executeWaiting} commands wait for stream "${name}" already. Await them before sending more.`,
  )
}
