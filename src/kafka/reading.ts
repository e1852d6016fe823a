import { isTidingsError, limits } from '../kernel/index.ts'
import type { SubscribeRequest } from '../log/index.ts'
import { broker, isMissingTopic } from './broker-errors.ts'
import type { Cluster, Line } from './cluster.ts'
import { type Fetched, fetchFrom, type FetchPlace } from './fetch.ts'
import { resetRequired, topicGone } from './halts.ts'
import type { OwnedPartition } from './owned-partition.ts'
import type { RecordDecoder } from './record-decoder.ts'

/**
 * Reads ahead for one member: one request at a time to each broker, for all partitions that are short of records. A request
 * with all of them waits at the broker for the first record. One without those that have enough must not wait for long:
 * these may run short meanwhile. It waits as long as was waited for nothing before it, so that none is held up longer
 * than what it had was enough for.
 */
export class Reading {
  readonly #cluster: Cluster
  readonly #decoder: RecordDecoder
  readonly #group: string
  readonly #bounds: SubscribeRequest['fetch']
  readonly #changed: () => void
  readonly #replaced: (owned: OwnedPartition) => void
  /** Brokers that are being asked, and whether for all that is read. */
  readonly #asking = new Map<number, boolean>()
  readonly #waitsMs = new Map<number, number>()
  readonly #resting = new Set<OwnedPartition>()
  /** Topics that were said to be gone. */
  readonly #missed = new Set<string>()
  /** A broker waits for records: on connections of their own. */
  #line: Line
  #turn = 0
  #planning = false
  /** Meanwhile it was asked for more again. */
  #asked = false
  #closed = false

  /**
   * @param changed is told when there is something to take, or to ask for.
   * @param replaced is told of a partition whose topic is another one now: somebody has deleted it and created it again.
   */
  constructor(
    cluster: Cluster,
    decoder: RecordDecoder,
    { group, fetch }: SubscribeRequest,
    changed: () => void,
    replaced: (owned: OwnedPartition) => void,
  ) {
    this.#cluster = cluster
    this.#decoder = decoder
    this.#group = group
    this.#bounds = fetch
    this.#changed = changed
    this.#replaced = replaced
    this.#line = this.#open()
  }

  /** Asks for more where something is wanted and there is room. */
  ask(owned: readonly OwnedPartition[]): void {
    this.#asked = true
    // What is new is announced first: one request is for all of it.
    if (this.#planning || this.#closed || owned.some(({ announced }) => !announced)) return
    this.#asked = false
    const read = owned.filter(({ isRead }) => isRead)
    const share = shareOf(read.length)
    const isShort = (each: OwnedPartition): boolean => !each.paused && each.bufferedBytes < share / 2
    const wanting = read.filter((each) => !each.fetching && isShort(each))
    const buffered = read.reduce((sum, each) => sum + each.bufferedBytes, 0)
    if (wanting.length === 0 || buffered >= this.#bounds.maxBytes) return
    this.#planning = true
    void this.#plan(
      wanting.toSorted((a, b) => a.turn - b.turn),
      read.every((each) => !this.#resting.has(each) && (each.fetching || isShort(each))),
    ).finally(() => {
      this.#planning = false
      if (this.#asked) this.#changed()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#line.close()
  }

  #open(): Line {
    return this.#cluster.line(limits.kafkaFetchWaitMs)
  }

  async #plan(wanting: readonly OwnedPartition[], whole: boolean): Promise<void> {
    const byLeader = new Map<number, OwnedPartition[]>()
    for (const owned of wanting) {
      const leader = await this.#leaderOf(owned)
      if (leader === undefined) continue
      const led = byLeader.get(leader) ?? []
      byLeader.set(leader, led)
      led.push(owned)
    }
    if (this.#closed) return
    // A request that waits for all there was is in the way of what has come since.
    if ([...byLeader.keys()].some((leader) => this.#asking.get(leader) === true)) this.#cancel()
    for (const [leader, led] of byLeader) {
      if (!this.#asking.has(leader)) void this.#fetch(leader, led, whole)
    }
  }

  /** Ends the requests that are under way: whoever is in them is asked for anew. */
  #cancel(): void {
    const line = this.#line
    this.#line = this.#open()
    void line.close()
  }

  async #leaderOf(owned: OwnedPartition): Promise<number | undefined> {
    const { topic, partition } = owned.assignment
    try {
      const { id, leaders } = await this.#cluster.topic(topic)
      if (owned.isOf(id)) return leaders[partition]
      this.#missed.delete(topic)
      this.#replaced(owned)
      return undefined
    } catch (error) {
      this.#rest(owned, error)
      return undefined
    }
  }

  async #fetch(leader: number, led: readonly OwnedPartition[], whole: boolean): Promise<void> {
    const line = this.#line
    this.#asking.set(leader, whole)
    for (const owned of led) owned.fetching = true
    try {
      const places = led.map(({ assignment: { topic, partition }, position }) => ({
        topic,
        partition,
        offset: position,
      }))
      const maxBytes = Math.max(1, Math.min(limits.kafkaAnswerBytes, this.#bounds.maxBytes))
      const maxWaitMs = whole ? limits.kafkaFetchWaitMs : this.#waitMs(leader)
      const bounds = { maxWaitMs, maxBytes, maxShareBytes: shareOf(led.length) }
      const fetched = await fetchFrom(this.#cluster, leader, places, bounds, line)
      await this.#takeAll(led, places, fetched)
      if (fetched.some(({ records }) => records.length > 0)) this.#waitsMs.delete(leader)
    } catch (error) {
      if (line === this.#line) for (const owned of led) this.#rest(owned, error)
    } finally {
      this.#asking.delete(leader)
      for (const owned of led) if (!this.#resting.has(owned)) owned.fetching = false
      this.#changed()
    }
  }

  /** Twice as long each time, until something comes. */
  #waitMs(leader: number): number {
    const waitMs = this.#waitsMs.get(leader) ?? limits.kafkaFirstWaitMs
    this.#waitsMs.set(leader, Math.min(2 * waitMs, limits.kafkaFetchWaitMs))
    return waitMs
  }

  async #takeAll(
    led: readonly OwnedPartition[],
    places: readonly FetchPlace[],
    fetched: readonly Fetched[],
  ): Promise<void> {
    for (const [index, owned] of led.entries()) {
      const place = places[index]
      const found = fetched.find((each) => each.topic === place?.topic && each.partition === place.partition)
      if (place !== undefined && found !== undefined) await this.#take(owned, place.offset, found)
    }
  }

  async #take(owned: OwnedPartition, from: number, { code, records, next }: Fetched): Promise<void> {
    const { topic, partition } = owned.assignment
    if (owned.position !== from) return
    if (code === broker.ok) {
      if (records.length > 0) owned.turn = ++this.#turn
      owned.fill(from, await this.#decoder.stored(topic, partition, records), next)
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

/** What is read ahead of one partition, about, where there are so many. */
function shareOf(partitions: number): number {
  return Math.max(limits.kafkaShareBytes, Math.floor(limits.kafkaAnswerBytes / Math.max(1, partitions)))
}
