import { isTidingsError, limits } from '../kernel/index.ts'
import type { SubscribeRequest } from '../log/index.ts'
import { broker, isMissingTopic } from './broker-errors.ts'
import type { Cluster, Line } from './cluster.ts'
import { type Fetched, fetchFrom } from './fetch.ts'
import { resetRequired, topicGone } from './halts.ts'
import type { OwnedPartition } from './owned-partition.ts'
import type { RecordDecoder } from './record-decoder.ts'

/** Reads partitions of one member: one request at a time to each broker, for those of which nothing waits to be taken. */
export class Reading {
  readonly #cluster: Cluster
  readonly #decoder: RecordDecoder
  readonly #group: string
  readonly #bounds: SubscribeRequest['fetch']
  readonly #changed: () => void
  /** A broker waits for records: on connections of their own. */
  readonly #line: Line
  readonly #busy = new Set<number>()
  readonly #resting = new Set<OwnedPartition>()
  /** Topics that were said to be gone. */
  readonly #missed = new Set<string>()
  #planning = false
  #closed = false

  constructor(
    cluster: Cluster,
    decoder: RecordDecoder,
    { group, fetch }: SubscribeRequest,
    changed: () => void,
  ) {
    this.#cluster = cluster
    this.#decoder = decoder
    this.#group = group
    this.#bounds = fetch
    this.#changed = changed
    this.#line = cluster.line(limits.kafkaFetchWaitMs)
  }

  /** Asks for more where something is wanted and there is room. */
  ask(all: Iterable<OwnedPartition>): void {
    if (this.#planning || this.#closed) return
    const owned = [...all]
    const wanting = owned.filter((each) => each.wantsRecords)
    const buffered = owned.reduce((sum, each) => sum + each.bufferedBytes, 0)
    if (wanting.length === 0 || buffered >= this.#bounds.maxBytes) return
    this.#planning = true
    void this.#plan(wanting).finally(() => {
      this.#planning = false
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#line.close()
  }

  async #plan(wanting: readonly OwnedPartition[]): Promise<void> {
    const byLeader = new Map<number, OwnedPartition[]>()
    for (const owned of wanting) {
      const leader = await this.#leaderOf(owned)
      if (leader === undefined) continue
      const led = byLeader.get(leader) ?? []
      byLeader.set(leader, led)
      led.push(owned)
    }
    for (const [leader, led] of byLeader) {
      if (!this.#busy.has(leader)) void this.#fetch(leader, led)
    }
  }

  async #leaderOf(owned: OwnedPartition): Promise<number | undefined> {
    const { topic, partition } = owned.assignment
    try {
      return (await this.#cluster.topic(topic)).leaders[partition]
    } catch (error) {
      this.#rest(owned, error)
      return undefined
    }
  }

  async #fetch(leader: number, led: readonly OwnedPartition[]): Promise<void> {
    this.#busy.add(leader)
    for (const owned of led) owned.fetching = true
    try {
      const places = led.map(({ assignment: { topic, partition }, position }) => ({
        topic,
        partition,
        offset: position,
      }))
      const bounds = { maxWaitMs: limits.kafkaFetchWaitMs, maxBytes: Math.max(1, this.#bounds.maxBytes) }
      const fetched = await fetchFrom(this.#cluster, leader, places, bounds, this.#line)
      for (const owned of led) {
        const { topic, partition } = owned.assignment
        const found = fetched.find((each) => each.topic === topic && each.partition === partition)
        owned.fetching = false
        if (found !== undefined) await this.#take(owned, found)
      }
    } catch (error) {
      for (const owned of led) this.#rest(owned, error)
    } finally {
      this.#busy.delete(leader)
      for (const owned of led) if (!this.#resting.has(owned)) owned.fetching = false
      this.#changed()
    }
  }

  async #take(owned: OwnedPartition, { code, records, next }: Fetched): Promise<void> {
    const { topic, partition } = owned.assignment
    if (code === broker.ok) {
      owned.fill(await this.#decoder.stored(topic, partition, records), next)
    } else if (code === broker.offsetOutOfRange) {
      owned.halted = true
      process.emitWarning(resetRequired(owned.assignment, this.#group, { offset: owned.position }))
    } else {
      this.#cluster.forget(topic)
      this.#rest(owned, undefined)
      if (isMissingTopic(code) && !this.#missed.has(topic)) {
        this.#missed.add(topic)
        process.emitWarning(topicGone(topic))
      }
    }
  }

  /** It is asked for again after a while. */
  #rest(owned: OwnedPartition, error: unknown): void {
    if (this.#closed) return
    if (isTidingsError(error, 'topic_missing')) {
      const { topic } = owned.assignment
      if (!this.#missed.has(topic)) process.emitWarning(topicGone(topic))
      this.#missed.add(topic)
    }
    owned.fetching = true
    this.#resting.add(owned)
    this.#cluster.clock.schedule(
      limits.readRetryMs,
      () => {
        this.#resting.delete(owned)
        owned.fetching = false
        this.#changed()
      },
      { background: true },
    )
  }
}
