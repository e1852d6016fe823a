import { Cursor } from './cursor.ts'

/** A transaction that was aborted: its records, from this offset on, do not count. */
export interface Aborted {
  readonly producerId: number
  readonly firstOffset: number
}

export interface AnsweredPartition {
  readonly topicId: string
  readonly partition: number
  readonly code: number
  /** What readers of committed records see ends here. */
  readonly lastStableOffset: number
  readonly aborted: readonly Aborted[]
  /** Batches one after the other; the last may be cut off. */
  readonly batches: Buffer
}

export interface FetchAnswer {
  readonly code: number
  readonly partitions: readonly AnsweredPartition[]
}

/** The answer to a Fetch in version 13, with its records as the bytes that they are. */
export function fetchAnswerOf(bytes: Buffer): FetchAnswer {
  const cursor = new Cursor(bytes)
  cursor.int32() // How long the broker has throttled.
  const code = cursor.int16()
  cursor.int32() // The fetch session, which is not used.
  const topics = cursor.array(() => {
    const topicId = cursor.uuid()
    const partitions = cursor.array(() => partitionOf(cursor, topicId))
    cursor.passTags()
    return partitions
  })
  return { code, partitions: topics.flat() }
}

function partitionOf(cursor: Cursor, topicId: string): AnsweredPartition {
  const partition = cursor.int32()
  const code = cursor.int16()
  cursor.int64() // The high watermark.
  const lastStableOffset = cursor.int64()
  cursor.int64() // Where the log starts.
  const aborted = cursor.array((): Aborted => {
    const producerId = cursor.int64()
    const firstOffset = cursor.int64()
    cursor.passTags()
    return { producerId, firstOffset }
  })
  cursor.int32() // A replica to read from instead.
  const batches = cursor.block()
  cursor.passTags()
  return { topicId, partition, code, lastStableOffset, aborted, batches }
}
