import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { limits, TidingsError } from '../kernel/index.ts'
import type { StoredRecord } from '../log/index.ts'
import { recordChecksum } from './checksum.ts'
import { offsetOfId, recordId } from './record-id.ts'
import { rows, type TopicTable } from './topic-table.ts'

type SizeRow = readonly [id: number, bytes: number]
type RecordRow = readonly [id: number, appendedAt: number, checksum: number, body: string]

/** Reads what is stored, and finds out when that is not what was written: changed, moved or missing. */
export class RecordTable {
  readonly #topics: TopicTable
  readonly #page: StatementSync
  readonly #sizes: StatementSync
  readonly #deleteBefore: StatementSync

  constructor(database: DatabaseSync, topics: TopicTable) {
    this.#topics = topics
    this.#page = rows(
      database,
      'SELECT id, appended_at, checksum, body FROM tidings_record WHERE id >= ? AND id < ? ORDER BY id LIMIT ?',
    )
    this.#sizes = rows(
      database,
      'SELECT id, octet_length(body) FROM tidings_record WHERE id >= ? AND id < ? ORDER BY id LIMIT ?',
    )
    this.#deleteBefore = database.prepare('DELETE FROM tidings_record WHERE id >= ? AND id < ?')
  }

  read(
    topic: string,
    partition: number,
    from: number,
    { maxRecords, maxBytes }: { readonly maxRecords: number; readonly maxBytes: number },
  ): StoredRecord[] {
    const slot = this.#topics.slotOf(topic, partition)
    const { begin, end } = this.#topics.kept(slot)
    const records: StoredRecord[] = []
    let bytes = 0
    let expected = Math.max(from, begin)
    const pages = this.#page.iterate(
      recordId(slot, from),
      recordId(slot + 1, 0),
      maxRecords,
    ) as unknown as Iterable<RecordRow>
    for (const [id, appendedAt, checksum, encoded] of pages) {
      const offset = offsetOfId(slot, id)
      bytes += encoded.length
      if (records.length > 0 && bytes > maxBytes) return records
      if (offset > expected) this.#checkTruncated(slot, topic, partition, expected, offset)
      if (offset < expected || checksum !== recordChecksum(encoded, id, appendedAt)) {
        throw corrupt(topic, partition, offset)
      }
      expected = offset + 1
      records.push({ topic, partition, offset, appendedAt, encoded })
    }
    if (records.length < maxRecords) this.#checkTruncated(slot, topic, partition, expected, end)
    return records
  }

  /** Another process may have truncated since the bounds were read; nothing else makes records go missing. */
  #checkTruncated(slot: number, topic: string, partition: number, from: number, to: number): void {
    if (from >= to) return
    const missing = Math.max(from, this.#topics.kept(slot).begin)
    if (missing < to) throw corrupt(topic, partition, missing)
  }

  /** Deletes the first records before an offset, as many as one commit holds; returns up to where, and their bytes. */
  deleteSlice(slot: number, before: number): { readonly before: number; readonly bytes: number } {
    const { groupCommitRecords, groupCommitBytes } = limits
    const [first, end] = [recordId(slot, 0), recordId(slot, before)]
    const sizes = this.#sizes.iterate(first, end, groupCommitRecords + 1) as unknown as Iterable<SizeRow>
    let count = 0
    let bytes = 0
    let to = end
    for (const [id, size] of sizes) {
      if (count === groupCommitRecords || (count > 0 && bytes + size > groupCommitBytes)) {
        to = id
        break
      }
      count += 1
      bytes += size
    }
    this.#deleteBefore.run(first, to)
    return { before: offsetOfId(slot, to), bytes }
  }
}

function corrupt(topic: string, partition: number, offset: number): TidingsError {
  return new TidingsError(
    'record_corrupt',
    `The record at offset ${offset} of "${topic}" partition ${partition} is missing or not what was written: the file is damaged. Restore it from a backup, or seek the group past this offset and accept the loss.`,
  )
}
