import { type Commit, partitionName } from '../log/index.ts'
import { broker, brokerError, isMissingTopic, isPassing } from './broker-errors.ts'
import type { Cluster } from './cluster.ts'
import { requests } from './requests.ts'

export interface Place {
  readonly topic: string
  readonly partition: number
}

/** A place in the log: its ends, or the first record that was appended at a time or later, in ms. */
export type At = 'start' | 'end' | number

/**
 * The offsets of places, in the order they were asked for; the end where there is no record of that time or later.
 * @throws `topic_missing`, `partition_missing` by way of `Cluster.topic`.
 */
export async function offsetsAt(
  cluster: Cluster,
  places: readonly (Place & { readonly at: At })[],
): Promise<readonly number[]> {
  const found = await cluster.patiently(() => askOffsets(cluster, places))
  const later = places.filter((place) => found.get(keyOf(place)) === -1)
  if (later.length === 0) return places.map((place) => found.get(keyOf(place)) ?? 0)
  const ends = later.map(({ topic, partition }) => ({ topic, partition, at: 'end' as const }))
  const endOffsets = await cluster.patiently(() => askOffsets(cluster, ends))
  return places.map((place) => {
    const offset = found.get(keyOf(place)) ?? 0
    return offset === -1 ? (endOffsets.get(keyOf({ ...place, at: 'end' })) ?? 0) : offset
  })
}

function keyOf({ topic, partition, at }: Place & { readonly at: At }): string {
  return `${partitionName(topic, partition)} ${at}`
}

async function askOffsets(
  cluster: Cluster,
  places: readonly (Place & { readonly at: At })[],
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  const answers = await Promise.all(
    // A request has each partition once.
    [...Map.groupBy(places, ({ at }) => at)].flatMap(([at, same]) => askedByLeader(cluster, at, same)),
  )
  for (const { at, topics } of answers.flat()) {
    for (const { name, partitions } of topics) {
      for (const { partitionIndex, errorCode, offset } of partitions) {
        if (errorCode !== broker.ok) {
          cluster.forget(name)
          throw brokerError(errorCode, `Asking for offsets of topic "${name}"`)
        }
        found.set(keyOf({ topic: name, partition: partitionIndex, at }), Number(offset))
      }
    }
  }
  return found
}

type OffsetsAnswer = Awaited<ReturnType<typeof requests.listOffsets.async>>

async function askedByLeader(
  cluster: Cluster,
  at: At,
  places: readonly Place[],
): Promise<readonly { readonly at: At; readonly topics: OffsetsAnswer['topics'] }[]> {
  const led = await Promise.all(
    places.map(async (place) => ({
      place,
      leader: (await cluster.topic(place.topic)).leaders[place.partition] ?? -1,
    })),
  )
  const timestamp = at === 'start' ? -2n : at === 'end' ? -1n : BigInt(Math.floor(at))
  return Promise.all(
    [...Map.groupBy(led, ({ leader }) => leader)].map(async ([leader, same]) => {
      const topics = [...Map.groupBy(same, ({ place }) => place.topic)].map(([name, ofTopic]) => ({
        name,
        partitions: ofTopic.map(({ place }) => ({
          partitionIndex: place.partition,
          currentLeaderEpoch: -1,
          timestamp,
        })),
      }))
      const answer = await cluster.ask({ node: leader }, requests.listOffsets, [-1, readCommitted, topics])
      return { at, topics: answer.topics }
    }),
  )
}

const readCommitted = 1

export interface GroupCommit extends Place, Commit {}

/** What a group has committed, of all its topics. Transactions that commit offsets are waited for. */
export async function committedOffsets(cluster: Cluster, group: string): Promise<readonly GroupCommit[]> {
  const answer = await cluster.askCoordinator(
    group,
    requests.offsetFetch,
    [[{ groupId: group, memberId: null, memberEpoch: -1, topics: null }], true],
    ({ groups }) => {
      const code = groups[0]?.errorCode ?? 0
      if (code !== broker.ok) return code
      const all = groups.flatMap(({ topics }) => topics.flatMap(({ partitions }) => partitions))
      return all.find(({ errorCode }) => isPassing(errorCode))?.errorCode ?? broker.ok
    },
  )
  const [found] = answer.groups
  if (found === undefined || found.errorCode === broker.groupNotFound) return []
  if (found.errorCode !== broker.ok)
    throw brokerError(found.errorCode, `Reading the offsets of group "${group}"`)
  return found.topics.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ committedOffset }) => committedOffset >= 0n)
      .map(({ partitionIndex, committedOffset, metadata }) => ({
        topic: name,
        partition: partitionIndex,
        offset: Number(committedOffset),
        state: metadata ?? '',
      })),
  )
}

/** Who commits: a member under one generation or epoch, or nobody of an empty group. */
export interface Committer {
  readonly memberId: string
  readonly epoch: number
  readonly instanceId: string | null
}

export const nobody: Committer = { memberId: '', epoch: -1, instanceId: null }

/** Saves offsets with their state; the codes of the answer, in the order of the commits. */
export async function commitOffsets(
  cluster: Cluster,
  group: string,
  { memberId, epoch, instanceId }: Committer,
  commits: readonly GroupCommit[],
): Promise<readonly number[]> {
  const topics = [...Map.groupBy(commits, ({ topic }) => topic)].map(([name, same]) => ({
    name,
    partitions: same.map(({ partition, offset, state }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: state,
    })),
  }))
  const codes = new Map<string, number>()
  await cluster.askCoordinator(
    group,
    requests.offsetCommit,
    [group, epoch, memberId, instanceId, topics],
    (answer) => {
      for (const { name, partitions } of answer.topics) {
        for (const { partitionIndex, errorCode } of partitions)
          codes.set(partitionName(name, partitionIndex), errorCode)
      }
      return [...codes.values()].find((code) => isPassing(code) && !isMissingTopic(code)) ?? broker.ok
    },
  )
  return commits.map(
    ({ topic, partition }) => codes.get(partitionName(topic, partition)) ?? broker.requestTimedOut,
  )
}
