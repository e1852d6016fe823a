import type { Evidence } from './checker.ts'
import { type Entry, type Handling, nameOf } from './history.ts'

/** What the history has said of one event in one group since its last redrive. */
interface Tries {
  /** The number of the last attempt, the process that made it, and when. */
  readonly attempt: number
  readonly process: string
  readonly atUs: number
}

/**
 * Deliveries with a number that they may not have:
 *
 * - beyond the attempts of the event;
 * - not above the processes that were killed with the event at work. Each of these deaths counts as an attempt: the
 *   event lay in a range that was stored as begun, and its next owner stores the number before the attempt starts;
 * - not above the last number, although nothing happened to the process that used it.
 *
 * After a fault the number may fall back to what was stored: attempts that failed in memory after the last commit are
 * made again, at most once for each fault. A redrive begins anew.
 */
export function countOvertried({ attempts, history }: Evidence): number {
  const deaths = new Deaths()
  const last = new Map<string, Tries>()
  const faults = new Map<string, number>()
  let overtried = 0
  for (const entry of history) {
    deaths.note(entry)
    if (entry.kind === 'redriven') last.delete(nameOf(entry))
    else if (entry.kind === 'paused' || entry.kind === 'resumed') faults.set(entry.target, entry.atUs)
    else if (entry.kind === 'killed') faults.set(entry.target, Number.POSITIVE_INFINITY)
    else if (entry.kind === 'started') {
      const name = nameOf(entry)
      const before = last.get(name)
      const mayFallBack = before === undefined || (faults.get(before.process) ?? 0) > before.atUs
      const floor = Math.max(deaths.of(name), mayFallBack ? 0 : before.attempt)
      if (entry.attempt > attempts || entry.attempt <= floor) overtried += 1
      last.set(name, entry)
    }
  }
  return overtried
}

/**
 * Dead letters that name the wrong culprit: an event that kills its process under another reason, or one that neither
 * fails nor kills. Such a neighbour is excused only where nobody could tell it from a killer: the process died with it
 * at work as often as it may be tried. Two of those deaths need not show: one that found it read and not begun, and
 * one between the store of an attempt and its beginning.
 */
export function countMisjudged({ attempts, conductOf, history, deadLetters }: Evidence): number {
  const deaths = new Deaths()
  let misjudged = 0
  const judge = (buried: Handling & { readonly reason: string }): void => {
    const conduct = conductOf(buried)
    if (conduct === 'kills') misjudged += buried.reason === 'handler_crashed' ? 0 : 1
    else if (conduct !== 'fails') misjudged += deaths.of(nameOf(buried)) >= attempts - 2 ? 0 : 1
  }
  for (const entry of history) {
    if (entry.kind === 'redriven' || entry.kind === 'discarded') judge(entry)
    deaths.note(entry)
  }
  for (const each of deadLetters) judge(each)
  return misjudged
}

/** How many processes were killed with an event at work, since its last redrive. */
class Deaths {
  readonly #atWork = new Map<string, Set<string>>()
  readonly #deaths = new Map<string, number>()

  of(name: string): number {
    return this.#deaths.get(name) ?? 0
  }

  note(entry: Entry): void {
    if (entry.kind === 'started') this.#atWorkOf(entry.process).add(nameOf(entry))
    else if (entry.kind === 'ended') this.#atWorkOf(entry.process).delete(nameOf(entry))
    else if (entry.kind === 'redriven') this.#deaths.delete(nameOf(entry))
    else if (entry.kind === 'killed') {
      for (const name of this.#atWorkOf(entry.target)) this.#deaths.set(name, this.of(name) + 1)
      this.#atWork.delete(entry.target)
    }
  }

  #atWorkOf(process: string): Set<string> {
    const known = this.#atWork.get(process) ?? new Set()
    this.#atWork.set(process, known)
    return known
  }
}
