import type { Committer, Place } from './offsets.ts'

/** What a member is told by its group. */
export interface MembershipEvents {
  /** It may use these partitions, under this epoch; what it had beside them is wanted by others: it lets go of it. */
  readonly assigned: (places: readonly Place[], epoch: number) => void
  /** All that it had may belong to others now. It joins anew by itself. */
  readonly lost: () => void
  /** It cannot be a member any more. */
  readonly failed: (error: Error) => void
}

export interface MembershipOptions {
  readonly group: string
  /** The member's name, which it keeps when it is started again. */
  readonly member: string
  readonly topics: readonly string[]
  readonly sessionTimeoutMs: number
  readonly heartbeatEveryMs: number
  /** With one, a member that comes back within its session has its partitions again without a rebalance. */
  readonly instanceId: string | undefined
  readonly events: MembershipEvents
}

/** One member of a group of Kafka's, whichever of its protocols the group has. */
export interface Membership {
  /** Fulfils when the group has taken the member. */
  join(): Promise<void>
  /** Under what the member commits now. */
  readonly committer: Committer
  /** Whether the group still counts on the member, by the monotonic clock of its own process. */
  isLive(): boolean
  /** Partitions that the group wants are given back: others may have them. */
  release(places: readonly Place[]): void
  /** Says that it lives, now; fulfils when the group has answered and its epoch is the newest. */
  settle(): Promise<void>
  /** Leaves the group, where it can be told. A member with an instance id keeps its place until its session ends. */
  leave(): Promise<void>
}
