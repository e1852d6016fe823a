import { isTidingsError, limits } from '../kernel/index.ts'
import { broker, brokerError } from './broker-errors.ts'
import type { Cluster, TopicMetadata } from './cluster.ts'
import { fetchFrom } from './fetch.ts'
import { offsetsAt } from './offsets.ts'
import type { Producer } from './producer.ts'
import type { KafkaRecord } from './record-batches.ts'
import { createTopics } from './topics.ts'

/** What is read of a compacted topic, and what of it is written: the newest record of each key counts. */
export class CompactedLog {
  readonly topic: string
  readonly #cluster: Cluster
  readonly #producer: Producer
  readonly #apply: (partition: number, record: KafkaRecord) => void
  readonly #reset: () => void
  #id = ''
  #positions: number[] = []
  #reading: Promise<void> = Promise.resolve()

  /** @param reset forgets what was applied: the topic is another one now. */
  constructor(
    cluster: Cluster,
    producer: Producer,
    topic: string,
    apply: (partition: number, record: KafkaRecord) => void,
    reset: () => void,
  ) {
    this.#cluster = cluster
    this.#producer = producer
    this.topic = topic
    this.#apply = apply
    this.#reset = reset
  }

  /** Applies all that was written before the call, by anybody. A topic that is not there is empty. */
  refresh(): Promise<void> {
    const reading = this.#reading.then(() => this.#cluster.patiently(() => this.#readOrNothing()))
    this.#reading = reading.catch(() => undefined)
    return reading
  }

  /** Writes records of one partition, in this order; creates the topic where there is none. */
  async append(
    partition: number,
    records: readonly { readonly key: string; readonly value: string | undefined; readonly by: string }[],
    partitions: () => Promise<number>,
  ): Promise<void> {
    await this.#create(partitions)
    const outcomes = await this.#producer.send(
      records.map(({ key, value, by }) => {
        const [keyBytes, valueBytes] = [Buffer.from(key), value === undefined ? null : Buffer.from(value)]
        const bytes = keyBytes.length + (valueBytes?.length ?? 0) + 64
        const headers = new Map([[byHeader, Buffer.from(by)]])
        return { topic: this.topic, partition, key: keyBytes, value: valueBytes, headers, bytes }
      }),
    )
    const failure = outcomes.find((outcome) => outcome !== undefined)
    if (failure !== undefined) throw failure
  }

  async #create(partitions: () => Promise<number>): Promise<void> {
    if (this.#id !== '') return
    const [known] = await this.#cluster.patiently(() => this.#cluster.refresh([this.topic]))
    if (known !== undefined) return
    await createTopics(this.#cluster, [
      {
        name: this.topic,
        partitions: await partitions(),
        configs: { 'cleanup.policy': 'compact', 'max.message.bytes': String(limits.kafkaEntryBytes) },
      },
    ])
  }

  async #readOrNothing(): Promise<void> {
    try {
      await this.#read()
    } catch (error) {
      if (!isTidingsError(error, 'topic_missing')) throw error
      // It was deleted meanwhile.
      this.#begin(undefined)
    }
  }

  async #read(): Promise<void> {
    const topic = await this.#find()
    if (topic?.id !== this.#id) this.#begin(topic)
    if (topic === undefined) return
    const ends = await offsetsAt(
      this.#cluster,
      topic.leaders.map((_, partition) => ({ topic: this.topic, partition, at: 'end' as const })),
    )
    // It was deleted, and begins again under its name.
    if (ends.some((end, partition) => end < (this.#positions[partition] ?? 0))) {
      this.#cluster.forget(this.topic)
      this.#begin(await this.#find())
    }
    await Promise.all(
      ends.map((end, partition) => this.#readTo(partition, topic.leaders[partition] ?? -1, end)),
    )
  }

  /** Undefined where there is none, whatever was known of it. */
  async #find(): Promise<TopicMetadata | undefined> {
    const known = this.#cluster.known(this.topic)
    if (known !== undefined && !known.leaders.includes(-1)) return known
    return (await this.#cluster.refresh([this.topic]))[0]
  }

  #begin(topic: TopicMetadata | undefined): void {
    this.#reset()
    this.#id = topic?.id ?? ''
    this.#positions = topic?.leaders.map(() => 0) ?? []
  }

  async #readTo(partition: number, leader: number, end: number): Promise<void> {
    for (;;) {
      const offset = this.#positions[partition] ?? 0
      if (offset >= end) return
      const place = { topic: this.topic, partition, offset }
      const bounds = { maxWaitMs: limits.kafkaFetchWaitMs, maxBytes: limits.kafkaFetchBytes }
      const [fetched] = await fetchFrom(this.#cluster, leader, [place], bounds)
      const code = fetched?.code ?? broker.requestTimedOut
      if (fetched === undefined || code !== broker.ok) {
        this.#cluster.forget(this.topic)
        throw brokerError(code, `Reading topic "${this.topic}"`)
      }
      for (const record of fetched.records) this.#apply(partition, record)
      // Nothing before the end: what was there is compacted away.
      this.#positions[partition] = fetched.next === offset ? end : fetched.next
    }
  }
}

const by = 'by'
const byHeader = Buffer.from(by)

/** Which process wrote a record. */
export function writerOf({ headers }: KafkaRecord): string {
  return headers.find(([name]) => name === by)?.[1]?.toString() ?? ''
}
