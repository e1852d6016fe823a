import { listed, TidingsError } from '../kernel/index.ts'
import type { PartitionBounds, TopicSettings } from '../log/index.ts'
import type { Database } from './database.ts'
import { optionalNumber, type Row } from './sql.ts'

/** Topics, their partitions, and by which slot each is known. What was looked up once is remembered: none ever changes. */
export class TopicTable {
  readonly #database: Database
  /** By topic; the index is the partition. */
  readonly #slots = new Map<string, readonly number[]>()

  constructor(database: Database) {
    this.#database = database
  }

  async create({ name, partitions, retention }: TopicSettings): Promise<TopicSettings> {
    const { schema } = this.#database
    return this.#database.transaction(async (tx) => {
      const stored = await tx.query(
        `INSERT INTO ${schema}.topic (name, partitions, retention_age_ms, retention_bytes) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE SET
           retention_age_ms = excluded.retention_age_ms, retention_bytes = excluded.retention_bytes
         RETURNING partitions`,
        [name, partitions, retention.ageMs ?? null, retention.bytes ?? null],
      )
      const count = Number((stored.rows[0] as Row)['partitions'])
      await tx.query(
        `INSERT INTO ${schema}.topic_partition (topic, partition)
         SELECT $1, n FROM generate_series(0, $2::integer - 1) n ON CONFLICT DO NOTHING`,
        [name, count],
      )
      return { name, partitions: count, retention }
    })
  }

  async all(): Promise<readonly TopicSettings[]> {
    const { schema } = this.#database
    const rows = await this.#database.query(
      `SELECT name, partitions, retention_age_ms, retention_bytes FROM ${schema}.topic ORDER BY name`,
    )
    return rows.map((row) => ({
      name: String(row['name']),
      partitions: Number(row['partitions']),
      retention: {
        ageMs: optionalNumber(row['retention_age_ms']),
        bytes: optionalNumber(row['retention_bytes']),
      },
    }))
  }

  /** Looks up what is not known of these topics. */
  async look(topics: Iterable<string>): Promise<void> {
    const unknown = [...new Set(topics)].filter((topic) => !this.#slots.has(topic))
    if (unknown.length === 0) return
    const rows = await this.#database.query(
      `SELECT topic, array_agg(slot ORDER BY partition) AS slots FROM ${this.#database.schema}.topic_partition
       WHERE topic = ANY ($1) GROUP BY topic`,
      [unknown],
    )
    for (const row of rows) this.#slots.set(String(row['topic']), row['slots'] as readonly number[])
  }

  /** Of a partition that was looked up; undefined where there is none. */
  known(topic: string, partition: number): number | undefined {
    return this.#slots.get(topic)?.[partition]
  }

  /** @throws `topic_missing`, `partition_missing` */
  async slotOf(topic: string, partition: number): Promise<number> {
    await this.look([topic])
    const slot = this.known(topic, partition)
    if (slot === undefined) throw await this.missing(topic, partition)
    return slot
  }

  async bounds(topic: string): Promise<readonly PartitionBounds[]> {
    const rows = await this.#database.query(
      `SELECT partition, begin_offset, end_offset, bytes FROM ${this.#database.schema}.topic_partition
       WHERE topic = $1 ORDER BY partition`,
      [topic],
    )
    if (rows.length === 0) throw await this.missing(topic, 0)
    return rows.map((row) => ({
      topic,
      partition: Number(row['partition']),
      begin: Number(row['begin_offset']),
      end: Number(row['end_offset']),
      bytes: Number(row['bytes']),
    }))
  }

  async missing(topic: string, partition: number): Promise<TidingsError> {
    const topics = await this.all()
    const known = topics.find((each) => each.name === topic)
    if (known !== undefined) {
      return new TidingsError(
        'partition_missing',
        `Topic "${topic}" has partitions 0 to ${known.partitions - 1}, not ${partition}.`,
      )
    }
    const names =
      topics.length === 0 ? 'It has none yet.' : `It has ${listed(topics.map((each) => `"${each.name}"`))}.`
    return new TidingsError('topic_missing', `There is no topic "${topic}" in this database. ${names}`)
  }
}

export function headMissing(): TidingsError {
  return new TidingsError(
    'tables_missing',
    'The row of a partition is gone from topic_partition: somebody has deleted it. Restore it from a backup.',
  )
}
