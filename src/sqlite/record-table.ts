import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { TidingsError } from '../kernel/index.ts'
import type { StoredRecord } from '../log/index.ts'
import { recordChecksum } from './checksum.ts'
import { offsetOfId, recordId } from './record-id.ts'
import { rows } from './topic-table.ts'

type RecordRow = readonly [id: number, appendedAt: number, checksum: number, body: string]

export class RecordTable {
  readonly #page: StatementSync
  readonly #bytesBefore: StatementSync
  readonly #deleteBefore: StatementSync

  constructor(database: DatabaseSync) {
    this.#page = rows(
      database,
      'SELECT id, appended_at, checksum, body FROM tidings_record WHERE id >= ? AND id < ? ORDER BY id LIMIT ?',
    )
    this.#bytesBefore = rows(
      database,
      'SELECT coalesce(sum(length(body)), 0) FROM tidings_record WHERE id >= ? AND id < ?',
    )
    this.#deleteBefore = database.prepare('DELETE FROM tidings_record WHERE id >= ? AND id < ?')
  }

  read(
    slot: number,
    topic: string,
    partition: number,
    from: number,
    { maxRecords, maxBytes }: { readonly maxRecords: number; readonly maxBytes: number },
  ): StoredRecord[] {
    const records: StoredRecord[] = []
    let bytes = 0
    let expected: number | undefined
    const pages = this.#page.iterate(
      recordId(slot, from),
      recordId(slot + 1, 0),
      maxRecords,
    ) as unknown as Iterable<RecordRow>
    for (const [id, appendedAt, checksum, encoded] of pages) {
      const offset = offsetOfId(slot, id)
      bytes += encoded.length
      if (records.length > 0 && bytes > maxBytes) break
      if (offset !== (expected ?? offset) || checksum !== recordChecksum(encoded, offset, appendedAt)) {
        throw corrupt(topic, partition, expected ?? offset)
      }
      expected = offset + 1
      records.push({ topic, partition, offset, appendedAt, encoded })
    }
    return records
  }

  /** Returns how many bytes went. */
  deleteBefore(slot: number, before: number): number {
    const [bytes = 0] = this.#bytesBefore.get(recordId(slot, 0), recordId(slot, before)) as unknown as [
      number,
    ]
    this.#deleteBefore.run(recordId(slot, 0), recordId(slot, before))
    return bytes
  }
}

function corrupt(topic: string, partition: number, offset: number): TidingsError {
  return new TidingsError(
    'record_corrupt',
    `The record at offset ${offset} of "${topic}" partition ${partition} is missing or not what was written: the file is damaged. Restore it from a backup, or seek the group past this offset and accept the loss.`,
  )
}
