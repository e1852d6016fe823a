import type { DatabaseSync } from 'node:sqlite'
import type { Engine } from '../../src/bus/index.ts'
import type { DeadLetterState } from '../../src/dead-letter/index.ts'
import type { PartitionLag } from '../../src/log/index.ts'
import { groups } from './catalog.ts'
import { effectOffsets } from './effects.ts'
import type { Look } from './history.ts'

/** All states but one: what is `handled` has its effect. */
const safelyAside: readonly DeadLetterState[] = ['set-aside', 'dead', 'parked', 'requested', 'discarded']

/** Looks at what every group has committed, and at what it has finished; each look goes on where the last one ended. */
export class Watcher {
  readonly #engine: Engine
  readonly #inbox: DatabaseSync
  readonly #finished = new Map<string, number>()

  constructor(engine: Engine, inbox: DatabaseSync) {
    this.#engine = engine
    this.#inbox = inbox
  }

  /** Commits are read first, then dead letters, then effects: a set-aside event that is handled meanwhile has its effect. */
  async look(): Promise<readonly Look[]> {
    const looks: Look[] = []
    for (const lag of (await Promise.all(groups.map((group) => this.#engine.admin.lag(group)))).flat()) {
      looks.push({ ...placeOf(lag), unfinished: await this.#unfinished(lag) })
    }
    return looks
  }

  async #unfinished({ group, topic, partition, committed }: PartitionLag): Promise<number> {
    const name = `${group} ${partition}`
    const letters = await this.#engine.deadLetters.open(group, topic, partition, safelyAside)
    const aside = new Set(letters.map(({ offset }) => offset))
    let next = this.#finished.get(name) ?? 0
    const effects = effectOffsets(this.#inbox, group, partition, next)
    while (next < committed && (effects.has(next) || aside.has(next))) next += 1
    this.#finished.set(name, next)
    return next
  }
}

const placeOf = ({ group, partition, committed }: PartitionLag): Omit<Look, 'unfinished'> => ({
  group,
  partition,
  committed,
})
