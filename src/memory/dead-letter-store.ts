import {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterList,
  type DeadLetterPage,
  type DeadLetterPlace,
  type DeadLetterState,
  type DeadLetterStore,
  type OwnDeadLetterStore,
  discardedFor,
  firstPage,
  placesOf,
  requestedAnew,
} from '../dead-letter/index.ts'
import { Listeners } from '../kernel/index.ts'
import { type Fence, fencedBy } from '../log/index.ts'
import type { MemoryLogStore } from './log-store.ts'

/** Dead letters of an engine that has no place for them, gone with the process: for tests. */
export function memoryDeadLetters(): OwnDeadLetterStore {
  return Object.assign(new MemoryDeadLetterStore(), { close: async () => undefined })
}

/** The reference DeadLetterStore. */
export class MemoryDeadLetterStore implements DeadLetterStore {
  readonly #log: MemoryLogStore | undefined
  readonly #entries = new Map<string, DeadLetter>()
  readonly #listeners = new Listeners()

  /** @param log knows who owns a partition; without one nobody does, and whoever writes may. */
  constructor(log?: MemoryLogStore) {
    this.#log = log
  }

  async put(owner: Fence, entries: readonly DeadLetter[]): Promise<void> {
    this.#checkOwner(owner)
    for (const entry of entries) this.#entries.set(entry.id, entry)
  }

  async resolve(owner: Fence, id: string): Promise<void> {
    this.#checkOwner(owner)
    const state = this.#entries.get(id)?.state
    if (state === 'set-aside' || state === 'parked') this.#entries.delete(id)
    else this.#change(id, ['requested'], { state: 'handled', nextAttemptAt: undefined })
  }

  async open(
    group: string,
    topic: string,
    partition: number,
    states: readonly DeadLetterState[],
  ): Promise<readonly DeadLetterPlace[]> {
    return placesOf(this.#matching({ group, topic, states }), partition)
  }

  async request(ids: readonly string[]): Promise<readonly string[]> {
    const requested = ids.filter((id) => this.#change(id, ['dead'], requestedAnew))
    if (requested.length > 0) this.#listeners.tell()
    return requested
  }

  async discard(id: string, reason: string): Promise<boolean> {
    const discarded = this.#change(id, ['set-aside', 'dead', 'parked', 'requested'], discardedFor(reason))
    if (discarded) this.#listeners.tell()
    return discarded
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    return this.#entries.get(id)
  }

  async list(
    filter: DeadLetterFilter = {},
    { limit, after }: DeadLetterPage = firstPage,
  ): Promise<DeadLetterList> {
    const found = this.#matching(filter)
      .filter((entry) => after === undefined || entry.id > after)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    const entries = found.slice(0, limit)
    return { entries, next: found.length > limit ? entries.at(-1)?.id : undefined }
  }

  async count(filter: DeadLetterFilter = {}): Promise<number> {
    return this.#matching(filter).length
  }

  watch(changed: () => void): () => void {
    return this.#listeners.add(changed)
  }

  #checkOwner(owner: Fence): void {
    if (this.#log === undefined) return
    const newest = this.#log.generationOf(owner)
    if (newest !== owner.generation) throw fencedBy(owner, newest)
  }

  /** Changes an entry that is in one of these states; true when it was. */
  #change(id: string, from: readonly DeadLetterState[], fields: Partial<DeadLetter>): boolean {
    const entry = this.#entries.get(id)
    if (entry === undefined || !from.includes(entry.state)) return false
    this.#entries.set(id, { ...entry, ...fields })
    return true
  }

  #matching({ group, groupPrefix = '', topic, states }: DeadLetterFilter): DeadLetter[] {
    return [...this.#entries.values()].filter(
      (entry) =>
        (group === undefined || entry.group === group) &&
        entry.group.startsWith(groupPrefix) &&
        (topic === undefined || entry.topic === topic) &&
        (states === undefined || states.includes(entry.state)),
    )
  }
}
