import type { Buried, Evidence } from './checker.ts'
import { type Entry, nameOf } from './history.ts'
import { Lapses } from './lapses.ts'

/**
 * Deliveries with a number that they may not have: one beyond the attempts of their event, or one that forgets what had
 * to be stored. The number rises from delivery to delivery, with two exceptions:
 *
 * - After a fault of its owner it may fall back, but not to the number that this owner began with. Failures are counted
 *   in memory and stored with the next commit, so the last of them may be made again. The owner's first delivery is
 *   stored before it starts: as begun where it is the very first, with its number where it follows a fault. Where the
 *   event had failed and its partition was then handed over in peace, only the failures are: the number may come again.
 * - 2 may come twice. An event that was in hand when a process died is delivered with 2 as if it were to blame; when the
 *   process lives through that, it was not, and the guess is taken back.
 *
 * So an event that always ends its process is delivered `attempts` times and no more, and any other may be delivered
 * again, once per fault, as often as it failed since the last commit. A redrive begins anew.
 */
export function countOvertried({ attempts, history }: Evidence): number {
  const tries = new Map<string, Tries>()
  const faults = new Map<string, number>()
  const lapses = new Lapses(history)
  let overtried = 0
  for (const entry of history) {
    if (entry.kind === 'redriven') tries.delete(nameOf(entry))
    else if (entry.kind === 'paused' || entry.kind === 'resumed') faults.set(entry.target, entry.atUs)
    else if (entry.kind === 'killed') faults.set(entry.target, Number.POSITIVE_INFINITY)
    else if (entry.kind === 'ended') {
      const known = tries.get(nameOf(entry))
      if (known?.process === entry.process) known.lived = true
    } else if (entry.kind === 'started') {
      const { attempt, process, atUs } = entry
      const before = tries.get(nameOf(entry))
      const fault = before !== undefined && (faults.get(before.process) ?? 0) > before.atUs
      const faulted = fault || (before !== undefined && lapses.between(before.process, before.atUs, atUs))
      if (attempt > attempts || !follows(attempt, before, faulted)) overtried += 1
      // After its lease has lapsed, a process that has the partition again is another owner of it; a lapse that is seen
      // only later may have come later. One that is killed never has it again: what it begins between the word and the
      // deed belongs to what it had.
      const killed = faults.get(process) === Number.POSITIVE_INFINITY
      const lost = fault || (before !== undefined && lapses.seenBetween(process, before.atUs, atUs))
      const owned = before?.process === process && (killed || !lost) ? before : undefined
      const { first, stored, lived } = owned ?? {
        first: attempt,
        stored: before === undefined || faulted,
        lived: false,
      }
      tries.set(nameOf(entry), { first, stored, last: attempt, process, atUs, lived })
    }
  }
  return overtried
}

/** The deliveries of one event by its last owner. */
interface Tries {
  readonly first: number
  /** The number of the first was stored before it started. */
  readonly stored: boolean
  readonly last: number
  readonly process: string
  readonly atUs: number
  /** The first of them has come to its end. */
  lived: boolean
}

function follows(attempt: number, before: Tries | undefined, faulted: boolean): boolean {
  if (before === undefined) return true
  const takenBack = attempt === 2 && before.first === 2 && before.lived
  const known = before.stored ? before.first : before.first - 1
  return takenBack || attempt > (faulted ? known : before.last)
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
  const judge = (buried: Buried): void => {
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
