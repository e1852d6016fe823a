import { crc32 } from 'node:zlib'
import { TidingsError } from '../kernel/index.ts'
import type { StoredRecord } from '../log/index.ts'
import type { Database } from './database.ts'
import { only, type Row } from './sql.ts'
import type { TopicTable } from './topic-table.ts'

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
    this.#page = `SELECT p.begin_offset, p.end_offset, r.* FROM ${schema}.topic_partition p LEFT JOIN LATERAL (
        SELECT s.* FROM (
          SELECT o.*, sum(octet_length(o.body)) OVER (ORDER BY o.record_offset) AS bytes,
            row_number() OVER (ORDER BY o.record_offset) AS place, count(*) OVER () AS found
          FROM (
            SELECT record_offset, segment, appended_at, checksum, body FROM ${schema}.record
            WHERE slot = $1 AND record_offset >= greatest($2::bigint, p.begin_offset) AND segment >= $3
            ORDER BY record_offset LIMIT $4
          ) o
        ) s WHERE s.bytes <= $5 OR s.place = 1
      ) r ON true WHERE p.slot = $1 ORDER BY r.record_offset`
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
    const { begin_offset: begin, end_offset: end } = only(rows)
    const stored = rows.filter((row) => row['record_offset'] !== null)
    const first = Math.max(from, Number(begin))
    const expected = Math.max(0, Math.min(maxRecords, Number(end) - first))
    const found = Number(stored[0]?.['found'] ?? 0)
    const records = stored.map((row, index) => this.#recordOf(topic, partition, first + index, row))
    if (found < expected) throw corrupt(topic, partition, first + found)
    const lastRow = stored.at(-1)
    if (lastRow !== undefined) {
      this.#read.set(slot, {
        offset: Number(lastRow['record_offset']),
        segment: Number(lastRow['segment']),
      })
    }
    return records
  }

  /** Moves the begin offset up: what is before it is there no longer, and its room is given back with its segment. */
  async truncate(topic: string, partition: number, before: number): Promise<void> {
    const slot = await this.#topics.slotOf(topic, partition)
    await this.#database.query(this.#truncate, [slot, before])
  }

  #recordOf(topic: string, partition: number, expected: number, row: Row): StoredRecord {
    const offset = Number(row['record_offset'])
    const encoded = String(row['body'])
    if (offset !== expected || Number(row['checksum']) !== crc32(encoded))
      throw corrupt(topic, partition, expected)
    return { topic, partition, offset, appendedAt: Number(row['appended_at']), encoded }
  }
}

function corrupt(topic: string, partition: number, offset: number): TidingsError {
  return new TidingsError(
    'record_corrupt',
    `The record at offset ${offset} of "${topic}" partition ${partition} is missing or not what was written: the table is damaged, or somebody has changed it. Restore it from a backup, or seek the group past this offset and accept the loss.`,
  )
}
