import { Cursor } from './cursor.ts'
import type { Aborted } from './fetch-answer.ts'
import { HeaderTexts, type KafkaHeader } from './header-texts.ts'
import { decompress } from './requests.ts'

/** A record as it lies on a broker. */
export interface KafkaRecord {
  readonly offset: number
  /** ms since the Unix epoch: the broker's clock where the topic stamps records as they are appended. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly KafkaHeader[]
}

const batchHead = 61
const lengthAt = 8
const compression = 0b111
const stampedOnAppend = 0b1000
const transactional = 0b1_0000
const control = 0b10_0000

/**
 * The events of batches, from an offset on: a broker gives whole batches, the last of which may be cut off. What they hold
 * is copied out of the bytes, so that one event that is kept does not keep all that came with it.
 * @param aborted transactions whose records are left out.
 */
export function recordsOf(
  batches: Buffer,
  aborted: readonly Aborted[],
  from: number,
): { readonly records: readonly KafkaRecord[]; readonly next: number } {
  const records: KafkaRecord[] = []
  const ahead = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset)
  const aborting = new Set<number>()
  let next = from
  for (let at = 0; at + batchHead <= batches.length; ) {
    const end = at + lengthAt + 4 + batches.readInt32BE(at + lengthAt)
    if (end > batches.length) break
    const batch = batchOf(batches.subarray(at, end))
    at = end
    const last = batch.first + batch.lastDelta
    next = Math.max(next, last + 1)
    for (let [one] = ahead; one !== undefined && one.firstOffset <= last; [one] = ahead) {
      aborting.add(one.producerId)
      ahead.shift()
    }
    // The marker that ends a transaction, whichever way.
    if ((batch.attributes & control) !== 0) aborting.delete(batch.producerId)
    else if ((batch.attributes & transactional) === 0 || !aborting.has(batch.producerId)) {
      readRecords(batch, from, records)
    }
  }
  return { records, next }
}

interface RecordBatch {
  readonly first: number
  readonly lastDelta: number
  readonly attributes: number
  readonly firstTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: number
  readonly count: number
  readonly records: Cursor
}

function batchOf(bytes: Buffer): RecordBatch {
  const cursor = new Cursor(bytes)
  const first = cursor.int64()
  cursor.at += 4 + 4 + 1 + 4 // Length, the leader's epoch, the format's number, the checksum.
  const attributes = cursor.int16()
  const lastDelta = cursor.int32()
  const firstTimestamp = cursor.int64()
  const maxTimestamp = cursor.int64()
  const producerId = cursor.int64()
  cursor.at += 2 + 4 // The producer's epoch, and its number for the batch.
  const count = cursor.int32()
  const packed = attributes & compression
  const records = packed === 0 ? cursor : new Cursor(decompress(packed, bytes.subarray(cursor.at)))
  return { first, lastDelta, attributes, firstTimestamp, maxTimestamp, producerId, count, records }
}

/** Headers repeat themselves from record to record, and from answer to answer. */
const texts = new HeaderTexts()

function readRecords(batch: RecordBatch, from: number, into: KafkaRecord[]): void {
  const { records: cursor, first, firstTimestamp, maxTimestamp } = batch
  const onAppend = (batch.attributes & stampedOnAppend) !== 0
  for (let left = batch.count; left > 0; left--) {
    const end = cursor.signed() + cursor.at
    cursor.at += 1 // Attributes of single records, of which there are none.
    const stamp = firstTimestamp + cursor.signed()
    const offset = first + cursor.signed()
    if (offset >= from) {
      const key = bytesAt(cursor)
      const value = bytesAt(cursor)
      into.push({
        offset,
        timestamp: onAppend ? maxTimestamp : stamp,
        key,
        value,
        headers: texts.read(cursor),
      })
    }
    cursor.at = end
  }
}

function bytesAt(cursor: Cursor): Buffer | null {
  const length = cursor.signed()
  if (length < 0) return null
  const copy = Buffer.allocUnsafe(length)
  cursor.at += cursor.bytes.copy(copy, 0, cursor.at, cursor.at + length)
  return copy
}
