import type { Assignment } from '../log/index.ts'
import { broker, brokerError } from './broker-errors.ts'
import type { Cluster } from './cluster.ts'
import { type Committer, commitOffsets, type GroupCommit } from './offsets.ts'

/** A commit of one partition, and under what its member has it. */
export interface FencedCommit {
  readonly assignment: Assignment
  readonly committer: Committer
  readonly commit: GroupCommit
}

/**
 * Saves commits, each under its own epoch. Returns those whose epoch the broker has refused: the member has lost them, or
 * does not know its newest epoch yet.
 */
export async function commitFenced(
  cluster: Cluster,
  group: string,
  commits: readonly FencedCommit[],
): Promise<readonly FencedCommit[]> {
  const doubted: FencedCommit[] = []
  const byCommitter = Map.groupBy(commits, ({ committer }) => `${committer.memberId} ${committer.epoch}`)
  for (const same of byCommitter.values()) {
    const [first] = same
    if (first === undefined) continue
    const codes = await commitOffsets(
      cluster,
      group,
      first.committer,
      same.map(({ commit }) => commit),
    )
    for (const [index, each] of same.entries()) {
      const code = codes[index] ?? broker.requestTimedOut
      if (fencing.has(code)) doubted.push(each)
      else if (code !== broker.ok) throw brokerError(code, `Committing for group "${group}"`)
    }
  }
  return doubted
}

const fencing: ReadonlySet<number> = new Set([
  broker.illegalGeneration,
  broker.unknownMember,
  broker.fencedInstance,
  broker.fencedMemberEpoch,
  broker.staleMemberEpoch,
  broker.rebalanceInProgress,
])
