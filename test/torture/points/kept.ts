import type { InboxStore } from '../../../src/inbox/index.ts'
import type { CallerTransaction } from '../../../src/kernel/index.ts'
import type { OutboxStore } from '../../../src/outbox/index.ts'
import type { Effect } from '../checker.ts'
import type { EffectTransact } from '../effects.ts'

export interface Order {
  readonly key: string
  readonly number: number
}

/** What a service keeps: its orders, their events on the way, and what its groups have done. */
export interface Kept<T extends CallerTransaction = CallerTransaction> {
  readonly outbox: OutboxStore<T>
  readonly inbox: InboxStore<EffectTransact>
  /** Writes the order and whatever `write` adds in one transaction, and commits it, or rolls it back. */
  order(order: Order, end: 'commit' | 'rollback', write: (tx: T['tx']) => T['written']): Promise<void>
  /** All that is committed, in the order of the commits. */
  orders(): Promise<readonly Order[]>
  effects(): Promise<readonly Effect[]>
  close(): Promise<void>
}
