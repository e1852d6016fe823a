import { crc32 } from 'node:zlib'
import { TidingsError } from '../kernel/index.ts'
import type { StoredRecord } from '../log/index.ts'
import type { Database } from './database.ts'
import type { Row } from './sql.ts'
import { headMissing, type TopicTable } from './topic-table.ts'

/** Reads what is stored, and finds out when that is not what was written: changed or missing. */
export class RecordTable {
  readonly #database: Database
  readonly #topics: TopicTable
  readonly #page: string
  readonly #truncate: string
  /** In which segment the last record lay that was read of a slot: what comes after it is in no older one. */
  readonly #read = new Map<number, { readonly offset: number; readonly segment: number }>()

  constructor(database: Database, topics: TopicTable) {
    const { schema } = database
    this.#database = database
    this.#topics = topics
    this.#page = `SELECT * FROM ${schema}.read_records($1, $2, $3, $4, $5)`
    this.#truncate = `UPDATE ${schema}.topic_partition p SET begin_offset = least($2::bigint, p.end_offset),
        bytes = p.bytes - coalesce((SELECT sum(octet_length(r.body)) FROM ${schema}.record r
          WHERE r.slot = p.slot AND r.record_offset >= p.begin_offset AND r.record_offset < $2), 0)
      WHERE p.slot = $1 AND p.begin_offset < least($2::bigint, p.end_offset)`
  }

  async read(
    topic: string,
    partition: number,
    from: number,
    { maxRecords, maxBytes }: { readonly maxRecords: number; readonly maxBytes: number },
  ): Promise<readonly StoredRecord[]> {
    const slot = await this.#topics.slotOf(topic, partition)
    const last = this.#read.get(slot)
    const segment = last !== undefined && from > last.offset ? last.segment : 0
    const rows = await this.#database.query(this.#page, [slot, from, segment, maxRecords, maxBytes])
    // The last row is no record: it says what the page is of.
    const page = rows.at(-1)
    if (page === undefined || page['begin_offset'] === null) throw headMissing()
    const first = Math.max(from, Number(page['begin_offset']))
    const records: StoredRecord[] = []
    for (const row of rows) {
      if (row === page || Number(row['record_offset']) < first) continue
      records.push(recordOf(topic, partition, first + records.length, row))
    }
    const next = first + records.length
    const isLast = page['is_cut'] === false && rows.length <= maxRecords
    if (isLast && next < Number(page['end_offset'])) throw corrupt(topic, partition, next)
    if (records.length > 0) this.#read.set(slot, { offset: next - 1, segment: Number(page['segment']) })
    return records
  }

  /** Moves the begin offset up: what is before it is there no longer, and its room is given back with its segment. */
  async truncate(topic: string, partition: number, before: number): Promise<void> {
    const slot = await this.#topics.slotOf(topic, partition)
    await this.#database.query(this.#truncate, [slot, before])
  }
}

function recordOf(topic: string, partition: number, expected: number, row: Row): StoredRecord {
  const offset = Number(row['record_offset'])
  const encoded = String(row['body'])
  if (offset !== expected || Number(row['checksum']) !== crc32(encoded))
    throw corrupt(topic, partition, expected)
  return { topic, partition, offset, appendedAt: Number(row['appended_at']), encoded }
}

function corrupt(topic: string, partition: number, offset: number): TidingsError {
  return new TidingsError(
    'record_corrupt',
    `The record at offset ${offset} of "${topic}" partition ${partition} is missing or not what was written: the table is damaged, or somebody has changed it. Restore it from a backup, or seek the group past this offset and accept the loss.`,
  )
}
