import type { DeadLetter, DeadLetterFilter } from '../dead-letter/index.ts'
import type { EncodedEvent } from '../event/index.ts'
import { limits } from '../kernel/index.ts'
import { broker, brokerError } from './broker-errors.ts'
import type { Cluster } from './cluster.ts'
import { CompactedLog, writerOf } from './compacted-log.ts'
import { fetchFrom } from './fetch.ts'
import type { Producer } from './producer.ts'
import type { KafkaRecord } from './record-batches.ts'

/** What is kept in memory of an entry: where it stands, and where its record lies. */
export type IndexedEntry = Pick<
  DeadLetter,
  'id' | 'group' | 'topic' | 'partition' | 'offset' | 'state' | 'key' | 'attempts' | 'nextAttemptAt'
> & { readonly at: number }

/** The dead letters of one group and topic: a compacted topic, and an index over it. */
export class DeadLetterIndex {
  readonly topic: string
  readonly #cluster: Cluster
  readonly #log: CompactedLog
  readonly #entries = new Map<string, IndexedEntry>()
  readonly #writer: string

  /** @param asked is told when another process has asked for a redrive, or discarded an entry. */
  constructor(cluster: Cluster, producer: Producer, topic: string, writer: string, asked: () => void) {
    this.topic = topic
    this.#cluster = cluster
    this.#writer = writer
    this.#log = new CompactedLog(
      cluster,
      producer,
      topic,
      (_, record) => {
        const state = this.#apply(record)
        if ((state === 'requested' || state === 'discarded') && writerOf(record) !== writer) asked()
      },
      () => this.#entries.clear(),
    )
  }

  refresh(): Promise<void> {
    return this.#log.refresh()
  }

  /** As of the last `refresh`. */
  entry(id: string): IndexedEntry | undefined {
    return this.#entries.get(id)
  }

  matching({ group, groupPrefix = '', topic, states }: DeadLetterFilter): readonly IndexedEntry[] {
    return [...this.#entries.values()].filter(
      (entry) =>
        (group === undefined || entry.group === group) &&
        entry.group.startsWith(groupPrefix) &&
        (topic === undefined || entry.topic === topic) &&
        (states === undefined || states.includes(entry.state)),
    )
  }

  /** The whole entry; undefined when it was replaced or removed meanwhile. */
  async read(id: string): Promise<DeadLetter | undefined> {
    const entry = this.#entries.get(id)
    if (entry === undefined) return undefined
    const place = { topic: this.topic, partition: entry.partition, offset: entry.at }
    const fetched = await this.#cluster.patiently(async () => {
      const leader = (await this.#cluster.topic(this.topic)).leaders[entry.partition] ?? -1
      const bounds = { maxWaitMs: limits.kafkaFetchWaitMs, maxBytes: 1 }
      const [found] = await fetchFrom(this.#cluster, leader, [place], bounds)
      if (found?.code === broker.ok) return found
      this.#cluster.forget(this.topic)
      throw brokerError(found?.code ?? broker.requestTimedOut, `Reading topic "${this.topic}"`)
    })
    const record = fetched.records.find(({ offset }) => offset === entry.at)
    return record?.value ? entryOf(record.value) : undefined
  }

  /** Writes entries of one partition, in this order. Durable when it fulfils. */
  async put(
    partition: number,
    entries: readonly DeadLetter[],
    partitions: () => Promise<number>,
  ): Promise<void> {
    const records = entries.map((entry) => ({ key: entry.id, value: storedForm(entry), by: this.#writer }))
    await this.#log.append(partition, records, partitions)
  }

  async remove(partition: number, id: string, partitions: () => Promise<number>): Promise<void> {
    await this.#log.append(partition, [{ key: id, value: undefined, by: this.#writer }], partitions)
  }

  /** The state that an entry has now; undefined when it is gone. */
  #apply({ key, value, offset: at }: KafkaRecord): DeadLetter['state'] | undefined {
    const id = key?.toString() ?? ''
    if (value === null) {
      this.#entries.delete(id)
      return undefined
    }
    const { group, topic, partition, offset, state, key: eventKey, attempts, nextAttemptAt } = entryOf(value)
    this.#entries.set(id, {
      id,
      group,
      topic,
      partition,
      offset,
      state,
      key: eventKey,
      attempts,
      nextAttemptAt,
      at,
    })
    return state
  }
}

/** As JSON, the bytes of a record in binary mode in base64. */
function storedForm({ encoded, ...entry }: DeadLetter): string {
  if (typeof encoded === 'string') return JSON.stringify({ ...entry, encoded })
  const { attributes, body } = encoded
  return JSON.stringify({ ...entry, attributes, body: body && Buffer.from(body).toString('base64') })
}

interface StoredEntry extends Omit<DeadLetter, 'encoded'> {
  readonly encoded?: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly body?: string
}

function entryOf(value: Buffer): DeadLetter {
  const { encoded, attributes = {}, body, ...entry } = JSON.parse(value.toString()) as StoredEntry
  const binary: EncodedEvent = {
    attributes,
    body: body === undefined ? undefined : new Uint8Array(Buffer.from(body, 'base64')),
  }
  // What JSON leaves out is there, and undefined.
  const { event, key, nextAttemptAt } = entry
  return { ...entry, event, key, nextAttemptAt, encoded: encoded ?? binary }
}
