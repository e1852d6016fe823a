import { type Clock, limits, type Random, TidingsError, Turns } from '../kernel/index.ts'
import { retryConflicts } from './retry-conflicts.ts'
import { streamText } from './stream-name.ts'
import type { StreamId } from './stream-store.ts'

/**
 * Runs the commands of one process for one stream one after the other, in the order they came: together they would only
 * meet at the append, and all but one would have decided in vain. A command that meets those of other processes runs again.
 */
export class CommandTurns {
  readonly #turns: Turns
  readonly #chances: { readonly clock: Clock; readonly random: Random }

  constructor(clock: Clock, random: Random) {
    this.#turns = new Turns(() => othersFirst(clock))
    this.#chances = { clock, random }
  }

  /** @throws `limit_exceeded` when `limits.executeWaiting` wait already, and what `run` throws. */
  async run<Result>(stream: StreamId, run: () => Promise<Result>): Promise<Result> {
    const name = streamText(stream)
    if (this.#turns.count(name) >= limits.executeWaiting) throw tooMany(name)
    return this.#turns.run(name, () => retryConflicts(run, this.#chances))
  }
}

/**
 * Lets the event loop turn once: whoever has just appended would otherwise load again before those who lost to it, and win
 * again.
 */
function othersFirst(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.defer(resolve))
}

function tooMany(name: string): TidingsError {
  return new TidingsError(
    'limit_exceeded',
    `${limits.executeWaiting} commands wait for stream "${name}" already. Await them before sending more.`,
  )
}
