import { limits, sleep } from '../kernel/index.ts'
import { type Commit, partitionName, type Start } from '../log/index.ts'
import { broker, brokerError } from './broker-errors.ts'
import type { Cluster } from './cluster.ts'
import {
  type Committer,
  commitOffsets,
  committedOffsets,
  type GroupCommit,
  offsetsAt,
  type Place,
} from './offsets.ts'
import { placesOfStart } from './places.ts'

/** Where a partition begins for its new owner; undefined where its commit is gone, which only `seek` mends. */
export type Beginning = Place & {
  readonly committed: Commit | undefined
  readonly begin: number
  readonly end: number
}

export interface Starting {
  readonly cluster: Cluster
  readonly group: string
  /** Where it begins on a topic that it has no commit of. */
  readonly start: (topic: string) => Start
  readonly committer: () => Committer
  /** Whether the member still has it. */
  readonly has: (place: Place) => boolean
}

/**
 * Where a group stands on partitions. Of a topic that it has no commit of at all, the owner of partition 0 first commits
 * where all its partitions start, in one request, and the others wait for that: so a partition is never begun twice, and
 * a commit that is missing beside others is one that was lost, not a new group.
 */
export async function beginningsOf(
  starting: Starting,
  places: readonly Place[],
): Promise<readonly Beginning[]> {
  const { cluster, group, has } = starting
  for (;;) {
    const commits = await committedOffsets(cluster, group)
    const known = new Set(commits.map(({ topic }) => topic))
    const wanted = places.filter(has)
    const fresh = [...new Set(wanted.map(({ topic }) => topic))].filter((topic) => !known.has(topic))
    if (fresh.length === 0) return withBounds(cluster, wanted, commits)
    const mine = fresh.filter((topic) => has({ topic, partition: 0 }))
    if (mine.length > 0) await commitStarts(starting, mine)
    else await sleep(cluster.clock, limits.readRetryMs)
  }
}

async function commitStarts(
  { cluster, group, start, committer }: Starting,
  topics: readonly string[],
): Promise<void> {
  for (const topic of topics) {
    const { leaders } = await cluster.topic(topic)
    const partitions = leaders.map((_, partition) => ({ topic, partition }))
    const offsets = await placesOfStart(cluster, partitions, start(topic))
    const commits = partitions.map((place, index) => ({ ...place, offset: offsets[index] ?? 0, state: '' }))
    const codes = await commitOffsets(cluster, group, committer(), commits)
    const refused = codes.find((code) => code !== broker.ok)
    // Refused while the group rebalances, or because this member is out: the look that follows tells.
    if (refused !== undefined) {
      if (!mayChange.has(refused)) throw brokerError(refused, `Committing where group "${group}" starts`)
      await sleep(cluster.clock, limits.readRetryMs)
    }
  }
}

const mayChange: ReadonlySet<number> = new Set([
  broker.rebalanceInProgress,
  broker.illegalGeneration,
  broker.unknownMember,
  broker.fencedInstance,
  broker.fencedMemberEpoch,
  broker.staleMemberEpoch,
])

async function withBounds(
  cluster: Cluster,
  places: readonly Place[],
  commits: readonly GroupCommit[],
): Promise<readonly Beginning[]> {
  const byName = new Map(commits.map((commit) => [partitionName(commit.topic, commit.partition), commit]))
  const [begins, ends] = await Promise.all([
    offsetsAt(
      cluster,
      places.map((place) => ({ ...place, at: 'start' as const })),
    ),
    offsetsAt(
      cluster,
      places.map((place) => ({ ...place, at: 'end' as const })),
    ),
  ])
  return places.map((place, index) => {
    const commit = byName.get(partitionName(place.topic, place.partition))
    const committed = commit && { offset: commit.offset, state: commit.state }
    return { ...place, committed, begin: begins[index] ?? 0, end: ends[index] ?? 0 }
  })
}
