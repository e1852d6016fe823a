import { broker } from './broker-errors.ts'
import type { Cluster, Line } from './cluster.ts'
import { type KafkaRecord, recordsOf } from './record-batches.ts'
import { requests } from './requests.ts'

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
  /** Of one answer; a single larger batch comes alone, where it is first. */
  readonly maxBytes: number
  /** Of one partition in it; as much as the answer unless it is said. */
  readonly maxShareBytes?: number
}

/** What one broker has at these places. Records of transactions that were aborted are left out. */
export async function fetchFrom(
  cluster: Cluster,
  node: number,
  places: readonly FetchPlace[],
  { maxWaitMs, maxBytes, maxShareBytes = maxBytes }: FetchBounds,
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
      partitionMaxBytes: maxShareBytes,
    })
  }
  const answer = await cluster.ask(
    { node },
    requests.fetch,
    [maxWaitMs, 1, maxBytes, readCommitted, 0, wholeFetch, [...topics.values()], [], ''],
    line,
  )
  return answer.partitions.map(
    ({ topicId, partition, code, lastStableOffset, aborted, batches }): Fetched => {
      const topic = names.get(topicId) ?? ''
      const from = places.find((place) => place.topic === topic && place.partition === partition)
      const read = recordsOf(batches, aborted, from?.offset ?? 0)
      return {
        topic,
        partition,
        code: answer.code === broker.ok ? code : answer.code,
        ...read,
        end: lastStableOffset,
      }
    },
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
