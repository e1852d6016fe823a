import type { PartitionBounds, TopicSettings } from './admin.ts'
import type { Capabilities } from './capabilities.ts'
import type { GroupState } from './group.ts'
import type { KeptLease, Lease } from './lease.ts'
import type { Commit, StoredRecord } from './transport.ts'

export interface AppendRecord {
  readonly topic: string
  readonly partition: number
  /** Structured JSON of the event. */
  readonly body: string
  readonly notBefore: number | undefined
}

export interface StoredCommit extends Commit {
  readonly topic: string
  readonly partition: number
  /** The generation that may commit. */
  readonly generation: number
}

export interface LoadedGroup {
  readonly state: GroupState
  /** Counts the saves; 0 where there is none. */
  readonly revision: number
  /** The clock of leases in ms: the engine's own, shared by all members. */
  readonly leaseNowMs: number
}

/** What has changed; `unknown` when another process did it. */
export type Change =
  | { readonly kind: 'appended'; readonly partitions: ReadonlySet<string> }
  | { readonly kind: 'delayed' }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'unknown' }

/**
 * What a database offers; `logTransport` makes any of these a Transport. Every method that writes fulfils when the
 * write is durable. Methods may be called at the same time; each is atomic, except `truncate`.
 */
export interface LogStore<C extends Capabilities = Capabilities> {
  readonly capabilities: C
  /** Creates the topic or updates its retention; returns what is stored, which may have another partition count. */
  createTopic(topic: TopicSettings): Promise<TopicSettings>
  topics(): Promise<readonly TopicSettings[]>
  /** All or none. With `tx`, written before the call returns, see `Transport.publish`. Records with a later `notBefore` wait. */
  append(records: readonly AppendRecord[], options: { readonly tx: unknown }): Promise<void>
  /** Appends what has come due, as much as one write holds; returns when the next is due, in ms since the Unix epoch. */
  appendDue(): Promise<number | undefined>
  /** @throws `record_corrupt` when a stored record is not what was written. */
  read(
    topic: string,
    partition: number,
    from: number,
    limit: { readonly maxRecords: number; readonly maxBytes: number },
  ): Promise<readonly StoredRecord[]>
  bounds(topic: string): Promise<readonly PartitionBounds[]>
  /** Deletes what lies before an offset; perhaps in steps, each durable, the begin offset moving with it. */
  truncate(topic: string, partition: number, before: number): Promise<void>
  groups(): Promise<readonly string[]>
  loadGroup(group: string): Promise<LoadedGroup>
  /** Compare-and-set on `revision`; with it, raises the generation that may commit the granted partitions. */
  saveGroup(
    group: string,
    state: GroupState,
    revision: number,
    granted: readonly { readonly topic: string; readonly partition: number; readonly generation: number }[],
  ): Promise<boolean>
  /**
   * A member has joined: until `release` its lease is renewed while the event loop of its process is blocked, by `prolonged`
   * and compare-and-set, as `dueForLease` says. `keptByLoop` where nothing can be done beside the loop, or has to be.
   */
  keepLease(lease: Lease): KeptLease
  commits(group: string): Promise<readonly StoredCommit[]>
  /** Saves those whose generation is still the one that may commit; returns which were. */
  commit(group: string, commits: readonly StoredCommit[]): Promise<readonly boolean[]>
  /**
   * Moves a group to other places, for `seek`. Compare-and-set on `revision`; with it the state becomes `vacated`, and
   * its generation the one that may commit the moved partitions: a member that was only paused commits nothing over them.
   * With `again` the run numbers of the moved partitions are raised, too.
   */
  moveCommits(
    group: string,
    commits: readonly Omit<StoredCommit, 'generation'>[],
    revision: number,
    options: { readonly again: boolean },
  ): Promise<boolean>
  /**
   * Ends a registration: compare-and-set on `revision`; with it the group and its commits are gone, so that nobody who was
   * in it may commit, and it is as one that was never here. False for one that is not at this revision, or not there.
   */
  forgetGroup(group: string, revision: number): Promise<boolean>
  /** Calls back after something changed, in this process or another; what that throws is a warning. Returns how to stop. */
  watch(changed: (change: Change) => void): () => void
  close(): Promise<void>
}
