import { isTidingsError, toError } from '../kernel/index.ts'
import {
  type Assignment,
  type Batch,
  partitionName,
  type Progress,
  type StoredRecord,
  type SubscribeRequest,
  type Subscription,
  type TopicSettings,
} from '../log/index.ts'
import type { Aws } from './aws.ts'
import type { HeldMessage } from './held-messages.ts'
import { OwnedPartition } from './owned-partition.ts'
import type { KnownGroup } from './topology.ts'
import { TopicReader, type TopicReaderOptions } from './topic-reader.ts'

export interface SubscriptionOptions {
  readonly aws: Aws
  readonly request: SubscribeRequest
  readonly reading: Pick<TopicReaderOptions, 'prefetch' | 'waitMs' | 'visibilityMs'>
  /** Makes anew what a topic of the group needs, or looks that it is there; the URL of its queue. */
  readonly prepare: (topic: TopicSettings) => Promise<string>
  /** What the group's rules say now. */
  readonly group: () => readonly KnownGroup[]
  /** The events of dead letters that were delivered again are handled. */
  readonly redriven: (partition: OwnedPartition, messages: readonly HeldMessage[]) => Promise<void>
}

/** One member's subscription: it has all partitions that are not paused, as every other member of its group has. */
export class EventbridgeSubscription implements Subscription {
  readonly #options: SubscriptionOptions
  readonly #readers = new Map<string, TopicReader>()
  readonly #topics = new Map<string, TopicSettings>()
  readonly #owned = new Map<string, OwnedPartition>()
  #turn = 0
  #closing: Promise<void> | undefined
  #failure: Error | undefined
  #forget: () => void = () => undefined
  #stirred = false
  #wake: () => void = () => undefined

  private constructor(options: SubscriptionOptions) {
    this.#options = options
  }

  static async join(
    options: SubscriptionOptions,
    topics: readonly TopicSettings[],
  ): Promise<EventbridgeSubscription> {
    const subscription = new EventbridgeSubscription(options)
    for (const topic of topics) {
      subscription.#topics.set(topic.name, topic)
      subscription.#read(topic, await options.prepare(topic))
    }
    subscription.look()
    return subscription
  }

  get assigned(): readonly Assignment[] {
    return [...this.#owned.values()].map(({ assignment }) => assignment)
  }

  /** What it has in hand at an offset. */
  heldAt(topic: string, partition: number, offset: number): HeldMessage | undefined {
    return this.#readers.get(topic)?.at(partition, offset)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    while (this.#closing === undefined) {
      this.#stirred = false
      const batch = this.#next()
      if (batch !== undefined) yield batch
      else if (!this.#stirred && this.#failure === undefined) await this.#stirring()
      if (this.#failure !== undefined) throw this.#failure
    }
  }

  async commit(progress: readonly Progress[]): Promise<readonly Assignment[]> {
    const refused = progress.filter(({ assignment }) => this.#ownedBy(assignment) === undefined)
    await Promise.all(progress.map((each) => this.#acknowledge(each)))
    return refused.map(({ assignment }) => assignment)
  }

  async #acknowledge({ assignment, offset, finished = [] }: Progress): Promise<void> {
    const owned = this.#ownedBy(assignment)
    const reader = this.#readers.get(assignment.topic)
    if (owned === undefined || reader === undefined) return
    const messages = reader.finished(assignment.partition, offset, finished)
    // Before it is gone from the queue: if both are not done, it comes once more.
    const redriven = messages.filter((message) => message.redriven)
    if (redriven.length > 0) await this.#options.redriven(owned, redriven)
    await reader.remove(messages)
  }

  pause(assignment: Assignment): void {
    const owned = this.#ownedBy(assignment)
    if (owned !== undefined) owned.paused = true
  }

  resume(assignment: Assignment): void {
    const owned = this.#ownedBy(assignment)
    if (owned === undefined || !owned.paused) return
    owned.paused = false
    this.#stir()
  }

  async release(assignment: Assignment): Promise<void> {
    const owned = this.#ownedBy(assignment)
    if (owned !== undefined) await this.#drop(owned)
  }

  onClose(forget: () => void): void {
    this.#forget = forget
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** Takes and lets go of partitions as the rules say, which may have been paused or resumed. */
  look(): void {
    if (this.#closing !== undefined) return
    const rules = this.#options.group()
    for (const [topic, reader] of this.#readers) {
      const rule = rules.find((each) => each.topic === topic)
      if (rule === undefined) this.#restore(topic)
      else if (rule.paused === undefined) this.#own(reader, rule)
      else this.#leave(reader)
    }
  }

  async #close(): Promise<void> {
    this.#forget()
    for (const reader of this.#readers.values()) reader.close()
    this.#stir()
    await Promise.all([...this.#owned.values()].map((owned) => this.#drop(owned)))
  }

  #ownedBy(assignment: Assignment): OwnedPartition | undefined {
    const owned = this.#owned.get(partitionName(assignment.topic, assignment.partition))
    return owned?.assignment === assignment ? owned : undefined
  }

  #stir(): void {
    this.#stirred = true
    this.#wake()
  }

  #stirring(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** The next batch of the partition whose turn it is, if anything is there. */
  #next(): Batch | undefined {
    const all = [...this.#owned.values()]
    for (let step = 0; step < all.length; step++) {
      this.#turn = (this.#turn + 1) % all.length
      const batch = all[this.#turn]?.take(this.#options.request.fetch)
      if (batch !== undefined) return batch
    }
    return undefined
  }

  #read({ name, partitions }: TopicSettings, url: string): void {
    const { aws, reading } = this.#options
    const reader = new TopicReader({
      ...reading,
      aws,
      topic: name,
      partitions,
      url,
      delivered: (record) => this.#deliver(reader, record),
      lapsed: (partition) => this.#lapse(reader, partition),
      deleted: () => this.#restore(name),
      failed: (error) => this.#fail(error),
    })
    this.#readers.set(name, reader)
  }

  #own(reader: TopicReader, { topic, run = 0 }: KnownGroup): void {
    const { partitions = 0 } = this.#topics.get(topic) ?? {}
    for (let partition = 0; partition < partitions; partition++)
      if (!this.#owned.has(partitionName(topic, partition))) this.#ownOne(reader, partition, run)
    reader.start()
    this.#stir()
  }

  #ownOne(reader: TopicReader, partition: number, runNumber: number): void {
    const owned = new OwnedPartition({
      topic: reader.topic,
      partition,
      runNumber,
      from: reader.nextOffset(partition),
      isKept: () => reader.isHeld(partition),
      lapsed: () => this.#lapse(reader, partition),
    })
    this.#owned.set(owned.name, owned)
  }

  /** The topic is paused: what is at work is finished, the rest is given back. */
  #leave(reader: TopicReader): void {
    reader.stop()
    for (const owned of this.#owned.values()) if (owned.assignment.topic === reader.topic) owned.leave()
    this.#stir()
  }

  #deliver(reader: TopicReader, record: StoredRecord): void {
    const owned = this.#owned.get(partitionName(record.topic, record.partition))
    // It has come after the topic was paused, or the member closed.
    if (owned === undefined || this.#closing !== undefined) void reader.giveBack(record.partition)
    else owned.deliver(record)
    this.#stir()
  }

  /** Events in hand may be somebody else's now: what is at work with them is aborted, and all of them come again. */
  #lapse(reader: TopicReader, partition: number): void {
    const owned = this.#owned.get(partitionName(reader.topic, partition))
    if (owned === undefined || owned.isRevoked) return
    const { runNumber } = owned.assignment
    const { isLeaving } = owned
    void this.#drop(owned)
    if (!isLeaving) this.#ownOne(reader, partition, runNumber)
    this.#stir()
  }

  async #drop(owned: OwnedPartition): Promise<void> {
    const { topic, partition } = owned.assignment
    if (this.#owned.get(owned.name) === owned) this.#owned.delete(owned.name)
    owned.revoke()
    await this.#readers.get(topic)?.giveBack(partition)
  }

  /** Somebody has deleted the queue or its rule: what waited in it is gone; from now on events come again. */
  #restore(name: string): void {
    const { prepare, request } = this.#options
    const reader = this.#readers.get(name)
    const topic = this.#topics.get(name)
    if (
      this.#closing !== undefined ||
      topic === undefined ||
      reader === undefined ||
      this.#restoring.has(name)
    )
      return
    this.#restoring.add(name)
    process.emitWarning(
      `Somebody has deleted the queue of group "${request.group}" for topic "${name}", or its rule. It is made anew; what waited in it is lost.`,
    )
    prepare(topic)
      .then(() => this.look())
      .catch((error: unknown) => {
        // The next look tries it again. Without the right to make it, nothing is received any more.
        if (!isTidingsError(error, 'engine_unreachable')) this.#fail(toError(error))
      })
      .finally(() => this.#restoring.delete(name))
  }

  readonly #restoring = new Set<string>()

  #fail(error: Error): void {
    if (this.#closing !== undefined) return
    this.#failure ??= error
    this.#stir()
  }
}
