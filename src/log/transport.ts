import type { CloudEvent, EncodedEvent } from '../event/index.ts'
import type { Capabilities, Start } from './capabilities.ts'
import type { Rewind } from './group.ts'
import type { FinishedRange } from './watermark.ts'

/** An event stored at a topic, partition and offset. */
export interface StoredRecord {
  readonly topic: string
  readonly partition: number
  /** Place in the partition, a safe integer; dense from 0 where the engine is ours. */
  readonly offset: number
  /** The engine's clock in ms since the Unix epoch when it was appended; never decreases in a partition. */
  readonly appendedAt: number
  /** Not parsed yet: a record that cannot be parsed must still be kept as it is. */
  readonly encoded: EncodedEvent
  /**
   * Of an engine that keeps no state beside its commits: present where it was in the hands of a member that is gone, with
   * the attempts that were counted of it then.
   */
  readonly inHandBefore?: number | undefined
}

/** An event to be stored. The partition is computed by us, so that a key lands alike on every engine. */
export interface OutgoingRecord {
  readonly topic: string
  readonly partition: number
  readonly event: CloudEvent
  /** ms since the Unix epoch; the event is appended then, not before (capability `delay`). */
  readonly notBefore: number | undefined
}

/** What the bus needs of any engine. */
export interface Transport<C extends Capabilities = Capabilities> {
  readonly capabilities: C
  /**
   * Fulfils when every record is durable as `capabilities.durableAck` says. Rejects with `publish_failed`, which
   * names the records that are not known to be stored. Records of one partition keep the order of the call, and
   * of calls made one after the other, without awaiting, too.
   * With `tx`, everything is written before the call returns and is durable with the caller's commit; a refusal is
   * then thrown, not returned, so that the caller can roll back.
   */
  publish(records: readonly OutgoingRecord[], options: { readonly tx: unknown }): Promise<void>
  /** Joins a group as one member. Rejects when the group cannot be joined at all. */
  subscribe(request: SubscribeRequest): Promise<Subscription>
  /** Closes what is open; subscriptions first. Safe to call twice. */
  close(): Promise<void>
}

export interface SubscribeRequest {
  readonly group: string
  readonly member: string
  readonly topics: readonly string[]
  readonly start: Start
  /** Whether the group may be moved back without force. */
  readonly rewind: Rewind
  /** A member that has not been heard of for this long loses its partitions. */
  readonly sessionTimeoutMs: number
  readonly heartbeatEveryMs: number
  /** A member whose event loop is blocked keeps its partitions for about this long, where the engine can see to it. */
  readonly blockedMs: number
  /** The most that one batch holds; a single larger record comes alone. */
  readonly fetch: { readonly maxRecords: number; readonly maxBytes: number }
}

/** One partition, owned by this member for one generation. */
export interface Assignment {
  readonly topic: string
  readonly partition: number
  readonly generation: number
  /** Part of what the inbox knows an event by: 0, and greater each time that the partition was sought `again`. */
  readonly runNumber: number
  /** Where the group stood when this member became the owner. */
  readonly committed: Commit
  /** The partition's end offset at that time. */
  readonly end: number
  /** Aborts when another member shall have the partition: start nothing more, finish, commit, `release`. */
  readonly leaving: AbortSignal
  /** Aborts when the partition is lost: whatever is unfinished belongs to another member now. */
  readonly revoked: AbortSignal
  /**
   * Whether the partition is still this member's, by the monotonic clock of its own process: to be asked right before
   * each handler starts. A process that was stopped learns of its lost lease this way before any of its timers fires. The
   * first time that the answer is no, `revoked` aborts before it is given; what the member then gets is announced anew.
   * A function, not a getter: an assignment may be copied.
   */
  readonly isHeld: () => boolean
}

/** What a commit says of one partition. */
export interface Commit {
  /** The watermark: the next offset to deliver; everything before it is finished or safely set aside. */
  readonly offset: number
  /** The runtime's own notes beside it, at most `limits.commitStateBytes`: finished ranges above, attempts. */
  readonly state: string
}

/** What a member says of its progress in one partition. */
export interface Progress extends Commit {
  readonly assignment: Assignment
  /** Finished above the watermark, as `state` has it, too: for engines that acknowledge single events and keep no state. */
  readonly finished?: readonly FinishedRange[] | undefined
  /** Of unfinished events by offset, likewise; those of a record with `inHandBefore` are durable when the commit is. */
  readonly attempts?: ReadonlyMap<number, number> | undefined
}

export interface Batch {
  readonly assignment: Assignment
  /** Of the assignment's partition, in offset order. The first batch of an assignment announces it, and may be empty. */
  readonly records: readonly StoredRecord[]
}

/**
 * Membership in a group. It is pulled: what an engine reads before the next batch is asked for is bounded, to one batch where
 * it has a LogStore.
 * The iteration ends after `close`, and throws when the engine is lost for good.
 */
export interface Subscription extends AsyncIterable<Batch> {
  /** The partitions this member owns now. */
  readonly assigned: readonly Assignment[]
  /**
   * Saves progress; fulfils when it is durable. A partition that meanwhile belongs to a newer generation is
   * refused: its assignment is revoked and returned here, the others are saved.
   */
  commit(progress: readonly Progress[]): Promise<readonly Assignment[]>
  /** Reads no more of this partition until `resume`. */
  pause(assignment: Assignment): void
  resume(assignment: Assignment): void
  /** Lets go of a partition that is `leaving`, after its last commit. */
  release(assignment: Assignment): Promise<void>
  /** Leaves the group. The last commits come before; what is unfinished is delivered again to others. */
  close(): Promise<void>
}
