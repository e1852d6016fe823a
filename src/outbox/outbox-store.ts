import type { CallerTransaction } from '../kernel/index.ts'

/** An event on its way: what the relay publishes once the transaction that wrote it has committed. */
export interface OutboxRecord {
  readonly topic: string
  readonly partition: number
  /** Structured JSON of the event. */
  readonly body: string
  /** ms since the Unix epoch before which the event is not delivered, see `OutgoingRecord`. */
  readonly notBefore: number | undefined
}

/** A record in the outbox, at the place that its insert got. */
export interface PendingRecord extends OutboxRecord {
  readonly position: number
}

/** The right of one relay to publish what is in the outbox. A newer term fences an older one. */
export interface RelayTerm {
  readonly relay: string
  readonly term: number
}

/** Why a record cannot be published. */
export interface Refusal {
  readonly position: number
  /** A sentence: what the engine said. */
  readonly reason: string
}

/** A record that the engine refuses for good: kept with the reason, and not pending until it is restored. */
export interface RefusedRecord extends OutboxRecord, Refusal {}

/** What an operator watches: how much waits for the relay, and for how long. */
export interface OutboxFigures {
  readonly pending: number
  /** Age of the oldest pending record in ms, by the store's clock, never below 0; undefined when nothing is pending. */
  readonly oldestAgeMs: number | undefined
  /** Records that the engine refuses for good. They are not pending. */
  readonly refused: number
}

/**
 * Events saved in the caller's transaction, until a relay has published them. Every method that writes outside of the
 * caller's transaction fulfils when the write is durable.
 */
export interface OutboxStore<T extends CallerTransaction = CallerTransaction> {
  /** Never set: from it `T` is inferred. */
  readonly '~transaction'?: T
  /**
   * Writes in the caller's transaction, in the order given. The relay sees the records once that has committed.
   * @throws `transaction_invalid` for a handle that is finished, or of another database; where writes are awaited, as a rejection.
   */
  add(tx: T['tx'], records: readonly OutboxRecord[]): T['written']
  /**
   * Takes or renews the right to relay, for `leaseMs`. Undefined while another relay has it. It ends with the relay's
   * process or its lease, whichever the store can see first.
   */
  lead(relay: string, leaseMs: number): Promise<RelayTerm | undefined>
  /** Gives the right up, so that a relay standing by need not wait for the lease to end. */
  resign(term: RelayTerm): Promise<void>
  /**
   * The oldest pending records, in the order of `position`, and none that is at or after a record whose place is not
   * decided yet. The same are given again until they are settled.
   * @throws `fenced` when another relay has the right now.
   */
  claim(
    term: RelayTerm,
    limit: { readonly maxRecords: number; readonly maxBytes: number },
  ): Promise<readonly PendingRecord[]>
  /**
   * Ends records that the engine has acknowledged as durable: they are pending no longer.
   * @throws `fenced` when another relay has the right now; nothing is settled.
   */
  settle(term: RelayTerm, positions: readonly number[]): Promise<void>
  /**
   * Takes pending records out of the way of the others, and keeps them with the reason.
   * @throws `fenced` when another relay has the right now; nothing is changed.
   */
  refuse(term: RelayTerm, refusals: readonly Refusal[]): Promise<void>
  /** The first refused records, in the order of `position`. */
  listRefused(limit: number): Promise<readonly RefusedRecord[]>
  /** Makes all refused records pending again, in their order, at new positions behind what is pending. Returns how many. */
  restore(): Promise<number>
  figures(): Promise<OutboxFigures>
  /** Calls back when something may have been added, by any process; what that throws is a warning. Returns how to stop. */
  watch(changed: () => void): () => void
  close(): Promise<void>
}
