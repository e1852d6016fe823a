import { broker } from './broker-errors.ts'
import type { Cluster, Line } from './cluster.ts'
import { type RecordsBatch, requests } from './requests.ts'

/** A record as it lies on a broker. */
export interface KafkaRecord {
  readonly offset: number
  /** ms since the Unix epoch: the broker's clock where the topic stamps records as they are appended. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [Buffer, Buffer | null])[]
}

export interface FetchPlace {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface Fetched {
  readonly topic: string
  readonly partition: number
  /** Of the broker's answer; 0 when it is one. */
  readonly code: number
  readonly records: readonly KafkaRecord[]
  /** Where to go on: beyond what is no event, too, as the markers of transactions. */
  readonly next: number
  readonly end: number
}

export interface FetchBounds {
  /** How long a broker waits for the first record. */
  readonly maxWaitMs: number
  /** Of one answer; a single larger batch comes alone. */
  readonly maxBytes: number
}

/** What one broker has at these places. Records of transactions that were aborted are left out. */
export async function fetchFrom(
  cluster: Cluster,
  node: number,
  places: readonly FetchPlace[],
  { maxWaitMs, maxBytes }: FetchBounds,
  line?: Line,
): Promise<readonly Fetched[]> {
  const names = new Map<string, string>()
  const topics = new Map<string, { topicId: string; partitions: FetchPartition[] }>()
  for (const { topic, partition, offset } of places) {
    const { id } = await cluster.topic(topic)
    names.set(id, topic)
    const asked = topics.get(id) ?? { topicId: id, partitions: [] }
    topics.set(id, asked)
    asked.partitions.push({
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: -1,
      partitionMaxBytes: maxBytes,
    })
  }
  const answer = await cluster.ask(
    { node },
    requests.fetch,
    [maxWaitMs, 1, maxBytes, readCommitted, 0, wholeFetch, [...topics.values()], [], ''],
    line,
  )
  return answer.responses.flatMap(({ topicId, partitions }) =>
    partitions.map((each): Fetched => {
      const topic = names.get(topicId) ?? ''
      const from = places.find((place) => place.topic === topic && place.partition === each.partitionIndex)
      const code = answer.errorCode === broker.ok ? each.errorCode : answer.errorCode
      const read = recordsOf(each.records ?? [], abortedOf(each.abortedTransactions), from?.offset ?? 0)
      return { topic, partition: each.partitionIndex, code, ...read, end: Number(each.lastStableOffset) }
    }),
  )
}

interface FetchPartition {
  partition: number
  currentLeaderEpoch: number
  fetchOffset: bigint
  lastFetchedEpoch: number
  partitionMaxBytes: number
}

const readCommitted = 1
/** No fetch session: every request names all it wants. */
const wholeFetch = -1

interface Aborted {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

function abortedOf(aborted: readonly Aborted[] | null): Aborted[] {
  return (aborted ?? []).toSorted((a, b) => Number(a.firstOffset - b.firstOffset))
}

const stampedOnAppend = 0b1000
const transactional = 0b1_0000
const control = 0b10_0000

/** The events of batches, from an offset on: a broker gives whole batches. */
function recordsOf(
  batches: readonly RecordsBatch[],
  aborted: Aborted[],
  from: number,
): { readonly records: readonly KafkaRecord[]; readonly next: number } {
  const records: KafkaRecord[] = []
  const aborting = new Set<bigint>()
  let next = from
  for (const batch of batches) {
    const first = Number(batch.firstOffset)
    next = Math.max(next, first + batch.lastOffsetDelta + 1)
    while (
      aborted[0] !== undefined &&
      aborted[0].firstOffset <= batch.firstOffset + BigInt(batch.lastOffsetDelta)
    ) {
      aborting.add(aborted[0].producerId)
      aborted.shift()
    }
    // The marker that ends a transaction, whichever way.
    if ((batch.attributes & control) !== 0) aborting.delete(batch.producerId)
    else if ((batch.attributes & transactional) === 0 || !aborting.has(batch.producerId)) {
      for (const record of batch.records) {
        const offset = first + record.offsetDelta
        if (offset >= from) records.push(recordOf(batch, record, offset))
      }
    }
  }
  return { records, next }
}

function recordOf(batch: RecordsBatch, record: RecordsBatch['records'][number], offset: number): KafkaRecord {
  const { key, value, timestampDelta } = record
  const onAppend = (batch.attributes & stampedOnAppend) !== 0
  const timestamp = Number(onAppend ? batch.maxTimestamp : batch.firstTimestamp + timestampDelta)
  const headers = record.headers.flatMap(([name, text]) => (name === null ? [] : [[name, text] as const]))
  return { offset, timestamp, key, value, headers }
}
