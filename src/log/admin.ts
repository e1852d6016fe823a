import type { Capabilities, ReadableOffset, Start } from './capabilities.ts'
import type { Rewind } from './group.ts'
import type { GroupPart } from './pause.ts'
import type { StoredRecord } from './transport.ts'

export interface TopicSettings {
  readonly name: string
  readonly partitions: number
  readonly retention: Retention
}

/** What is kept. Over a limit and read by every group is deleted; over twice the limit is deleted anyway. */
export interface Retention {
  readonly ageMs: number | undefined
  readonly bytes: number | undefined
}

export interface PartitionBounds {
  readonly topic: string
  readonly partition: number
  /** First kept. */
  readonly begin: number
  /** Next to be written. */
  readonly end: number
  /** What the kept records hold, in bytes of their encoded form. */
  readonly bytes: number
}

/** How far one group is behind on one partition. */
export interface PartitionLag {
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly committed: number
  readonly end: number
  /** `end - committed`, in events. */
  readonly lag: number
  /** How long the oldest event that is not committed has been waiting, in ms by the engine's clock; 0 without lag. */
  readonly lagMs: number
  /** Its committed offset was deleted by retention: it delivers nothing until `seek`. */
  readonly resetRequired: boolean
}

export interface GroupInfo {
  readonly group: string
  readonly topics: readonly string[]
  /** Those that live. */
  readonly members: readonly {
    readonly member: string
    /** What it holds. */
    readonly partitions: readonly { readonly topic: string; readonly partition: number }[]
  }[]
  /** What is delivered to nobody until it is resumed; `{}` is the whole group. */
  readonly paused: readonly GroupPart[]
  /** Whether it may be moved back without force. */
  readonly rewind: Rewind
}

export interface SeekOptions {
  /** Only this one; by default all of the topic. */
  readonly partition?: number | undefined
  /** Moves also a group back that refuses it. Default false. */
  readonly force?: boolean | undefined
  /**
   * Raises the run number of what is moved: the inbox does not know the events there, so that they have their effects
   * once more, and `idempotencyKey` is another one. Default false: what was handled is passed over as a duplicate.
   */
  readonly again?: boolean | undefined
}

/** What operators and tools need of an engine. */
export interface TransportAdmin<C extends Capabilities = Capabilities> {
  topics(): Promise<readonly (TopicSettings & { readonly bounds: readonly PartitionBounds[] })[]>
  /** Creates the topic, or returns the settings of the one that is there; retention follows the last caller. */
  createTopic(topic: TopicSettings): Promise<TopicSettings>
  groups(): Promise<readonly GroupInfo[]>
  /** Of one group, or of all: of the partitions where it has a committed offset, which it gets with its first owner. */
  lag(group?: string): Promise<readonly PartitionLag[]>
  /**
   * Moves a group without living members to another place, in one partition or in all of a topic, in one write. A member
   * that was only paused is fenced.
   * @throws `group_missing`, `topic_missing`, `partition_missing`, `fenced` while a member lives, and `rewind_refused`
   * for moving any of it back when the group refuses that; nothing is moved then.
   */
  seek(group: string, topic: string, to: Start<C>, options?: SeekOptions): Promise<void>
  /**
   * Delivers nothing more of a part of a group, of all its members, until `resume`: also no retries, no redrives and
   * nothing parked. Fulfils when this is durable; a living member finishes the handlers at work, commits and lets go. It
   * outlives restarts and `seek`, and ends with `forget`. What is paused already stays so.
   * @throws `group_missing`, `topic_missing`, `partition_missing`, and `option_invalid` for a partition of no topic.
   */
  pause(group: string, part?: GroupPart): Promise<void>
  /**
   * Delivers a part of a group again. Of a wider part that is paused the rest stays so. What is not paused is left as it is.
   * @throws as `pause`.
   */
  resume(group: string, part?: GroupPart): Promise<void>
  /**
   * Ends the registration of a group without living members: its places are gone, and retention does not wait for it any
   * more. A group that joins under its name begins anew, where its `start` says. Its dead letters stay.
   * @throws `group_missing`, and `fenced` while a member lives.
   */
  forget(group: string): Promise<void>
  /** Records of a partition from an offset, without joining a group; fewer than asked only at the end. */
  read(
    topic: string,
    partition: number,
    from: ReadableOffset<C>,
    limit: { readonly maxRecords: number; readonly maxBytes: number },
  ): Promise<readonly StoredRecord[]>
  /** The offset where reading from a place begins. */
  offsetOf(topic: string, partition: number, place: Start<C>): Promise<number>
  /** Deletes everything before an offset. */
  truncate(topic: string, partition: number, before: ReadableOffset<C>): Promise<void>
  /** Calls back when something may have been appended, by any process; what that throws is a warning. Returns how to stop. */
  watch(changed: () => void): () => void
}
