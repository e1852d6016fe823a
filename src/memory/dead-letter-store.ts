import type {
  DeadLetter,
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterState,
  DeadLetterStore,
} from '../dead-letter/index.ts'

/** The reference DeadLetterStore. */
export class MemoryDeadLetterStore implements DeadLetterStore {
  readonly #entries = new Map<string, DeadLetter>()
  readonly #listeners = new Set<() => void>()

  async put(entries: readonly DeadLetter[]): Promise<void> {
    for (const entry of entries) {
      const state = this.#entries.get(entry.id)?.state
      if (state !== 'handled' && state !== 'discarded') this.#entries.set(entry.id, entry)
    }
  }

  async open(
    group: string,
    topic: string,
    partition: number,
    states: readonly DeadLetterState[],
  ): Promise<readonly DeadLetter[]> {
    return this.#matching({ group, topic, states })
      .filter((entry) => entry.partition === partition)
      .toSorted((a, b) => a.offset - b.offset)
  }

  async request(ids: readonly string[]): Promise<readonly string[]> {
    const requested = ids.filter((id) => this.#entries.get(id)?.state === 'dead')
    for (const id of requested) this.#move(id, 'requested')
    if (requested.length > 0) for (const listener of this.#listeners) listener()
    return requested
  }

  async resolve(id: string, state: 'handled' | 'discarded'): Promise<void> {
    this.#move(id, state)
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    return this.#entries.get(id)
  }

  async list(
    filter: DeadLetterFilter,
    { limit, after }: DeadLetterPage,
  ): Promise<{ readonly entries: readonly DeadLetter[]; readonly next: string | undefined }> {
    const found = this.#matching(filter)
      .filter((entry) => after === undefined || entry.id > after)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    const entries = found.slice(0, limit)
    return { entries, next: found.length > limit ? entries.at(-1)?.id : undefined }
  }

  async count(filter: DeadLetterFilter): Promise<number> {
    return this.#matching(filter).length
  }

  watch(changed: () => void): () => void {
    this.#listeners.add(changed)
    return () => this.#listeners.delete(changed)
  }

  #move(id: string, state: DeadLetterState): void {
    const entry = this.#entries.get(id)
    if (entry !== undefined) this.#entries.set(id, { ...entry, state })
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
