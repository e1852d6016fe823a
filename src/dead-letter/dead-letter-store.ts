import { limits } from '../kernel/index.ts'
import type { Fence } from '../log/index.ts'
import type { DeadLetter, DeadLetterPlace, DeadLetterState } from './dead-letter.ts'

export interface DeadLetterFilter {
  readonly group?: string | undefined
  /** Groups whose name begins so. */
  readonly groupPrefix?: string | undefined
  readonly topic?: string | undefined
  readonly states?: readonly DeadLetterState[] | undefined
}

export interface DeadLetterPage {
  readonly limit: number
  /** The id after which to go on: `next` of the page before. */
  readonly after?: string | undefined
}

/** What `list` gives unless it is told otherwise. */
export const firstPage: DeadLetterPage = { limit: limits.deadLetterPage }

export interface DeadLetterList {
  readonly entries: readonly DeadLetter[]
  /** `after` of the next page; undefined on the last. */
  readonly next: string | undefined
}

/**
 * Where dead letters are kept. Every method that writes fulfils when the write is durable. What a group's member writes
 * is fenced: in the same transaction the store checks that its generation still is the one that may commit the partition.
 */
export interface DeadLetterStore {
  /**
   * Writes entries of the owner's partition, all or none. One that is there under the same id is replaced, also an ended
   * one: after a replay its event may fail anew.
   * @throws `fenced` when the partition belongs to another generation.
   */
  put(owner: Fence, entries: readonly DeadLetter[]): Promise<void>
  /**
   * The owner has handled the event of an entry. One that was `requested` now is `handled`, and stays as a record; one
   * that was `set-aside` or `parked` is removed, since its event never was dead; in any other state it stays as it is.
   * @throws `fenced` when the partition belongs to another generation.
   */
  resolve(owner: Fence, id: string): Promise<void>
  /** What the owner of a partition must deliver: entries in these states, in offset order, without their records. */
  open(
    group: string,
    topic: string,
    partition: number,
    states: readonly DeadLetterState[],
  ): Promise<readonly DeadLetterPlace[]>
  /**
   * Asks for a redrive: the entry gets all its attempts again, now. Only a `dead` one can be. Returns the ids that were
   * moved; ids that are unknown or in another state are left out.
   */
  request(ids: readonly string[]): Promise<readonly string[]>
  /**
   * Gives an event up for good. False when there is no such entry, or it is ended already. An attempt that is under way
   * meanwhile goes on, and when it fails its entry is written again.
   * @param reason kept with the entry, cut to `limits.errorLength`.
   */
  discard(id: string, reason: string): Promise<boolean>
  get(id: string): Promise<DeadLetter | undefined>
  /** Ordered by id; the first `limits.deadLetterPage` unless a page is given. */
  list(filter?: DeadLetterFilter, page?: DeadLetterPage): Promise<DeadLetterList>
  count(filter?: DeadLetterFilter): Promise<number>
  /** Calls back when something may have been requested or discarded, by any process; what that throws is a warning. Returns how to stop. */
  watch(changed: () => void): () => void
}

/**
 * A store that belongs to no log: for an engine that has no place for dead letters, and whose members are not fenced. It takes
 * what anybody writes, of any generation.
 */
export interface OwnDeadLetterStore extends DeadLetterStore {
  close(): Promise<void>
}
