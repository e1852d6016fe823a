import { randomUUID } from 'node:crypto'
import {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterList,
  type DeadLetterPage,
  type DeadLetterPlace,
  type DeadLetterState,
  type DeadLetterStore,
  discardedFor,
  firstPage,
  placesOf,
  requestedAnew,
} from '../dead-letter/index.ts'
import { limits, Listeners, type Timer } from '../kernel/index.ts'
import { type Fence, fencedBy } from '../log/index.ts'
import type { Cluster } from './cluster.ts'
import { DeadLetterIndex, type IndexedEntry } from './dead-letter-index.ts'
import { deadLetterTopic, isDeadLetterTopic } from './dead-letter-topic.ts'
import { offsetsAt } from './offsets.ts'
import type { Producer } from './producer.ts'

/** Who owns a partition of a group, as the group says now; undefined where it is nobody of this process. */
export type OwnerOf = (fence: Fence) => Promise<number | undefined>

/**
 * Dead letters in one compacted topic for each group and topic, read by assignment. An owner is asked after right before
 * it writes; Kafka has no write that depends on it. Of two changes of one entry at the same time the later one counts.
 */
export class KafkaDeadLetterStore implements DeadLetterStore {
  readonly #cluster: Cluster
  readonly #producer: Producer
  readonly #ownerOf: OwnerOf
  readonly #indexes = new Map<string, DeadLetterIndex>()
  readonly #listeners = new Listeners()
  readonly #writer = randomUUID()
  #timer: Timer | undefined
  #ends = new Map<string, string>()

  constructor(cluster: Cluster, producer: Producer, ownerOf: OwnerOf) {
    this.#cluster = cluster
    this.#producer = producer
    this.#ownerOf = ownerOf
  }

  async put(owner: Fence, entries: readonly DeadLetter[]): Promise<void> {
    await this.#checkOwner(owner)
    await this.#index(owner).put(owner.partition, entries, this.#partitionsOf(owner.topic))
  }

  async resolve(owner: Fence, id: string): Promise<void> {
    await this.#checkOwner(owner)
    const index = this.#index(owner)
    await index.refresh()
    const state = index.entry(id)?.state
    if (state === 'set-aside' || state === 'parked') {
      await index.remove(owner.partition, id, this.#partitionsOf(owner.topic))
    } else if (state === 'requested') {
      await this.#change(index, id, ['requested'], { state: 'handled', nextAttemptAt: undefined })
    }
  }

  async open(
    group: string,
    topic: string,
    partition: number,
    states: readonly DeadLetterState[],
  ): Promise<readonly DeadLetterPlace[]> {
    const index = this.#index({ group, topic })
    await index.refresh()
    return placesOf(index.matching({ group, topic, states }), partition)
  }

  async request(ids: readonly string[]): Promise<readonly string[]> {
    const requested: string[] = []
    for (const [index, same] of await this.#byIndex(ids)) {
      for (const id of same) if (await this.#change(index, id, ['dead'], requestedAnew)) requested.push(id)
    }
    if (requested.length > 0) this.#listeners.tell()
    return ids.filter((id) => requested.includes(id))
  }

  async discard(id: string, reason: string): Promise<boolean> {
    const [found] = await this.#byIndex([id])
    if (found === undefined) return false
    const discarded = await this.#change(
      found[0],
      id,
      ['set-aside', 'dead', 'parked', 'requested'],
      discardedFor(reason),
    )
    if (discarded) this.#listeners.tell()
    return discarded
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const [found] = await this.#byIndex([id])
    return found?.[0].read(id)
  }

  async list(
    filter: DeadLetterFilter = {},
    { limit, after }: DeadLetterPage = firstPage,
  ): Promise<DeadLetterList> {
    const found = (await this.#matching(filter))
      .filter(({ entry }) => after === undefined || entry.id > after)
      .toSorted((a, b) => (a.entry.id < b.entry.id ? -1 : 1))
    const page = found.slice(0, limit)
    const entries = await Promise.all(page.map(({ index, entry }) => index.read(entry.id)))
    return {
      entries: entries.filter((entry) => entry !== undefined),
      next: found.length > limit ? page.at(-1)?.entry.id : undefined,
    }
  }

  async count(filter: DeadLetterFilter = {}): Promise<number> {
    return (await this.#matching(filter)).length
  }

  watch(changed: () => void): () => void {
    const stop = this.#listeners.add(changed)
    this.#lookLater()
    return stop
  }

  close(): void {
    this.#listeners.clear()
    this.#timer?.cancel()
  }

  async #checkOwner(owner: Fence): Promise<void> {
    const newest = await this.#ownerOf(owner)
    if (newest !== owner.generation) throw fencedBy(owner, newest)
  }

  /** Changes an entry that is in one of these states; true when it was. */
  async #change(
    index: DeadLetterIndex,
    id: string,
    from: readonly DeadLetterState[],
    fields: Partial<DeadLetter>,
  ): Promise<boolean> {
    const known = index.entry(id)
    if (known === undefined || !from.includes(known.state)) return false
    const entry = await index.read(id)
    if (entry === undefined) return false
    await index.put(entry.partition, [{ ...entry, ...fields }], this.#partitionsOf(entry.topic))
    await index.refresh()
    return true
  }

  #index({ group, topic }: Pick<Fence, 'group' | 'topic'>): DeadLetterIndex {
    return this.#indexOf(deadLetterTopic(group, topic))
  }

  #indexOf(name: string): DeadLetterIndex {
    let index = this.#indexes.get(name)
    if (index === undefined) {
      const asked = (): void => this.#listeners.tell()
      index = new DeadLetterIndex(this.#cluster, this.#producer, name, this.#writer, asked)
      this.#indexes.set(name, index)
    }
    return index
  }

  /** Names have no slash, so an id is its group, topic, partition and offset between slashes. */
  async #byIndex(ids: readonly string[]): Promise<ReadonlyMap<DeadLetterIndex, readonly string[]>> {
    const byIndex = Map.groupBy(ids, (id) => {
      const [group = '', topic = ''] = id.split('/')
      return this.#index({ group, topic })
    })
    await Promise.all([...byIndex.keys()].map((index) => index.refresh()))
    return byIndex
  }

  async #matching(
    filter: DeadLetterFilter,
  ): Promise<readonly { readonly index: DeadLetterIndex; readonly entry: IndexedEntry }[]> {
    const { group, topic } = filter
    const names =
      group !== undefined && topic !== undefined ? [deadLetterTopic(group, topic)] : await this.#allTopics()
    const indexes = names.map((name) => this.#indexOf(name))
    await Promise.all(indexes.map((index) => index.refresh()))
    return indexes.flatMap((index) => index.matching(filter).map((entry) => ({ index, entry })))
  }

  async #allTopics(): Promise<readonly string[]> {
    const topics = await this.#cluster.patiently(() => this.#cluster.refresh(null))
    return topics.map(({ name }) => name).filter(isDeadLetterTopic)
  }

  /** How many the topic of a group's dead letters gets when it is created: as many as they are of. */
  #partitionsOf(topic: string): () => Promise<number> {
    return async () => (await this.#cluster.topic(topic)).leaders.length
  }

  #lookLater(): void {
    this.#timer ??= this.#cluster.clock.schedule(limits.kafkaLookMs, () => void this.#look(), {
      background: true,
    })
  }

  /** Reads what others have written. What cannot be read now is looked for again. */
  async #look(): Promise<void> {
    try {
      for (const topic of await this.#grown()) await this.#indexes.get(topic)?.refresh()
    } catch {
      // It is looked for again below.
    }
    this.#timer = undefined
    if (this.#listeners.size > 0 && !this.#cluster.closed) this.#lookLater()
  }

  /** Topics that have other ends than at the last look. */
  async #grown(): Promise<readonly string[]> {
    const topics = await this.#cluster.refresh([...this.#indexes.keys()])
    const places = topics.flatMap(({ name, leaders }) =>
      leaders.map((_, partition) => ({ topic: name, partition, at: 'end' as const })),
    )
    const ends = await offsetsAt(this.#cluster, places)
    const before = this.#ends
    this.#ends = new Map(
      topics.map(({ name, id }) => [
        name,
        `${id} ${ends.filter((_, index) => places[index]?.topic === name).join(' ')}`,
      ]),
    )
    return [...this.#ends].filter(([name, now]) => before.get(name) !== now).map(([name]) => name)
  }
}
