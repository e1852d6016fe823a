import type { Fence } from '../log/index.ts'

/** An event's identity: CloudEvents' (source, id). */
export interface InboxKey {
  readonly source: string
  readonly id: string
}

/** What a transaction of the inbox is for. */
export interface InboxClaim {
  /** A lower generation than the one that the inbox has seen last is refused. */
  readonly fence: Fence
  /** What was handled under a lower one does not count: 0 until a partition is sought `again`. */
  readonly runNumber: number
  /** The events that count as handled with it. Of a batch the handler's function may have some fail: so they are read again when it has run. */
  readonly keys: readonly InboxKey[]
  /** Called before the handler's function runs. @throws `delivery_closed` when the delivery is over. */
  check(): void
  /** Called once the transaction is durable. */
  committed(): void
}

/**
 * Remembers what a group has handled, in the transaction of the handler's own writes: both are there after a crash,
 * or neither is.
 * `Transact` is the function a handler gets as `transact`. It runs the handler's writes, the keys and the fence in
 * one transaction and fulfils when that is durable. It rejects, and nothing is written, with `fenced` when a newer
 * generation was here, with `delivery_closed` when the delivery is over or one of its keys was handled before, and with
 * whatever the handler's function throws.
 */
export interface InboxStore<Transact> {
  /** Which of these the group has handled under this run number. */
  handled(group: string, runNumber: number, keys: readonly InboxKey[]): Promise<readonly boolean[]>
  transaction(claim: InboxClaim): Transact
  /** Records the keys alone, for a handler that had nothing to write; keys that are there are left as they are. */
  record(claim: InboxClaim): Promise<void>
  /** Forgets what the group handled, under any run number, before this time (ms since the Unix epoch). Returns how many. */
  prune(group: string, before: number): Promise<number>
  close(): Promise<void>
}

/** What a function returns that must not be asynchronous: a Promise does not compile. */
export type Synchronous<Result> = Result extends PromiseLike<unknown> ? TransactionIsSynchronous : Result

declare const reason: unique symbol
/** Await what the handler needs before `transact`: the function given to it cannot be async on this engine. */
export interface TransactionIsSynchronous {
  readonly [reason]: 'await first, then write: the function given to transact is synchronous here'
}
