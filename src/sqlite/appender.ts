import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { TidingsError } from '../kernel/index.ts'
import type { AppendRecord } from '../log/index.ts'
import { partitionName } from '../log/index.ts'
import { recordChecksum } from './checksum.ts'
import { recordId } from './record-id.ts'

interface Head {
  readonly name: string
  readonly slot: number
  next: number
  appendedAt: number
  bytes: number
}

/** By topic and partition: a name for both would have to be made for every record. */
type Heads = Map<string, Map<number, Head>>

/**
 * Writes records through one connection, inside a transaction that is already open. Offsets come from the
 * partition's row, read and written under the write lock, so every connection of every process continues them.
 */
export class Appender {
  readonly database: DatabaseSync
  readonly #head: StatementSync
  readonly #moveHead: StatementSync
  readonly #insert: StatementSync
  readonly #delay: StatementSync

  constructor(database: DatabaseSync) {
    this.database = database
    this.#head = database.prepare(
      'SELECT slot, end_offset, appended_at FROM tidings_partition WHERE topic = ? AND partition = ?',
    )
    this.#head.setReturnArrays(true)
    this.#moveHead = database.prepare(
      'UPDATE tidings_partition SET end_offset = ?, appended_at = ?, bytes = bytes + ? WHERE slot = ?',
    )
    // One row a statement: with rowids in several places of one tree, rows together are no faster (bench/README.md).
    this.#insert = database.prepare(
      'INSERT INTO tidings_record (id, appended_at, checksum, body) VALUES (?, ?, ?, ?)',
    )
    this.#delay = database.prepare(
      'INSERT INTO tidings_delayed (not_before, topic, partition, body) VALUES (?, ?, ?, ?)',
    )
  }

  /** Returns the names of the partitions that got records, and whether any record has to wait. */
  append(
    records: readonly AppendRecord[],
    nowMs: number,
  ): { readonly appended: ReadonlySet<string>; readonly delayed: boolean } {
    const heads: Heads = new Map()
    const appended = new Set<string>()
    let delayed = false
    for (const record of records) {
      const head = this.#headOf(heads, record, nowMs)
      if (record.notBefore !== undefined && record.notBefore > nowMs) {
        this.#delay.run(record.notBefore, record.topic, record.partition, record.body)
        delayed = true
        continue
      }
      const id = recordId(head.slot, head.next)
      this.#insert.run(id, head.appendedAt, recordChecksum(record.body, id, head.appendedAt), record.body)
      head.next += 1
      head.bytes += Buffer.byteLength(record.body)
    }
    for (const head of [...heads.values()].flatMap((ofTopic) => [...ofTopic.values()])) {
      if (head.bytes === 0) continue
      this.#moveHead.run(head.next, head.appendedAt, head.bytes, head.slot)
      appended.add(head.name)
    }
    return { appended, delayed }
  }

  #headOf(heads: Heads, { topic, partition }: AppendRecord, nowMs: number): Head {
    const known = heads.get(topic)?.get(partition)
    if (known !== undefined) return known
    const row = this.#head.get(topic, partition) as
      | [slot: number, next: number, appendedAt: number]
      | undefined
    if (row === undefined) {
      throw new TidingsError(
        'partition_missing',
        `There is no partition ${partition} of topic "${topic}" in this file. Open a bus with the topic in its catalog first; that creates it.`,
      )
    }
    const name = partitionName(topic, partition)
    const head: Head = { name, slot: row[0], next: row[1], appendedAt: Math.max(row[2], nowMs), bytes: 0 }
    const ofTopic = heads.get(topic) ?? new Map<number, Head>()
    heads.set(topic, ofTopic.set(partition, head))
    return head
  }
}
