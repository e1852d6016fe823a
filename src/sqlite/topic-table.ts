import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { limits, listed, TidingsError } from '../kernel/index.ts'
import type { PartitionBounds, TopicSettings } from '../log/index.ts'

type TopicRow = readonly [name: string, partitions: number, ageMs: number | null, bytes: number | null]
type PartitionRow = readonly [partition: number, begin: number, end: number, bytes: number]

/** Topics, their partitions, and where each partition's records are. */
export class TopicTable {
  /** By topic and partition. */
  readonly #slots = new Map<string, Map<number, number>>()
  readonly #one: StatementSync
  readonly #all: StatementSync
  readonly #insert: StatementSync
  readonly #retain: StatementSync
  readonly #count: StatementSync
  readonly #insertPartition: StatementSync
  readonly #slot: StatementSync
  readonly #bounds: StatementSync
  readonly #kept: StatementSync
  readonly #cut: StatementSync

  constructor(database: DatabaseSync) {
    const columns = 'name, partitions, retention_age_ms, retention_bytes'
    this.#one = rows(database, `SELECT ${columns} FROM tidings_topic WHERE name = ?`)
    this.#all = rows(database, `SELECT ${columns} FROM tidings_topic ORDER BY name`)
    this.#insert = database.prepare(`INSERT INTO tidings_topic (${columns}) VALUES (?, ?, ?, ?)`)
    this.#retain = database.prepare(
      'UPDATE tidings_topic SET retention_age_ms = ?, retention_bytes = ? WHERE name = ?',
    )
    this.#count = rows(database, 'SELECT count(*) FROM tidings_partition')
    this.#insertPartition = database.prepare(
      'INSERT INTO tidings_partition (slot, topic, partition) VALUES (?, ?, ?)',
    )
    this.#slot = rows(database, 'SELECT slot FROM tidings_partition WHERE topic = ? AND partition = ?')
    this.#bounds = rows(
      database,
      'SELECT partition, begin_offset, end_offset, bytes FROM tidings_partition WHERE topic = ? ORDER BY partition',
    )
    this.#kept = rows(database, 'SELECT begin_offset, end_offset FROM tidings_partition WHERE slot = ?')
    this.#cut = database.prepare(
      'UPDATE tidings_partition SET begin_offset = ?, bytes = max(0, bytes - ?) WHERE slot = ?',
    )
  }

  create({ name, partitions, retention }: TopicSettings): TopicSettings {
    const known = this.#one.get(name) as TopicRow | undefined
    if (known !== undefined) {
      this.#retain.run(retention.ageMs ?? null, retention.bytes ?? null, name)
      return { name, partitions: known[1], retention }
    }
    const [count] = this.#count.get() as unknown as [number]
    if (count + partitions > limits.partitionsPerFile) {
      throw new TidingsError(
        'limit_exceeded',
        `Topic "${name}" with ${partitions} partitions would bring this file to more than ${limits.partitionsPerFile} partitions. Use fewer, or another file.`,
      )
    }
    this.#insert.run(name, partitions, retention.ageMs ?? null, retention.bytes ?? null)
    for (let partition = 0; partition < partitions; partition++) {
      this.#insertPartition.run(count + partition, name, partition)
    }
    return { name, partitions, retention }
  }

  all(): TopicSettings[] {
    return (this.#all.all() as unknown as TopicRow[]).map(([name, partitions, ageMs, bytes]) => ({
      name,
      partitions,
      retention: { ageMs: ageMs ?? undefined, bytes: bytes ?? undefined },
    }))
  }

  slotOf(topic: string, partition: number): number {
    const known = this.#slots.get(topic)?.get(partition)
    if (known !== undefined) return known
    const row = this.#slot.get(topic, partition) as unknown as [number] | undefined
    if (row === undefined) throw this.#missing(topic, partition)
    const ofTopic = this.#slots.get(topic) ?? new Map<number, number>()
    this.#slots.set(topic, ofTopic.set(partition, row[0]))
    return row[0]
  }

  bounds(topic: string): PartitionBounds[] {
    const found = this.#bounds.all(topic) as unknown as PartitionRow[]
    if (found.length === 0) throw this.#missing(topic, 0)
    return found.map(([partition, begin, end, bytes]) => ({ topic, partition, begin, end, bytes }))
  }

  /** What a slot holds: every offset from `begin` up to `end`. */
  kept(slot: number): { readonly begin: number; readonly end: number } {
    const [begin, end] = this.#kept.get(slot) as unknown as [number, number]
    return { begin, end }
  }

  /** Moves the begin offset up after records were deleted. */
  cut(slot: number, begin: number, deletedBytes: number): void {
    this.#cut.run(begin, deletedBytes, slot)
  }

  #missing(topic: string, partition: number): TidingsError {
    const topics = this.all()
    const known = topics.find((each) => each.name === topic)
    if (known !== undefined) {
      return new TidingsError(
        'partition_missing',
        `Topic "${topic}" has partitions 0 to ${known.partitions - 1}, not ${partition}.`,
      )
    }
    const names =
      topics.length === 0 ? 'It has none yet.' : `It has ${listed(topics.map((each) => `"${each.name}"`))}.`
    return new TidingsError('topic_missing', `There is no topic "${topic}" in this file. ${names}`)
  }
}

/** A statement whose rows are arrays, which is faster than objects. */
export function rows(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql)
  statement.setReturnArrays(true)
  return statement
}
