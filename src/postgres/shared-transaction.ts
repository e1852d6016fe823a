import { OneAtATime } from '../kernel/index.ts'
import { type PostgresQuery, statusOf } from './query.ts'

/** A transaction for several who write side by side: a client of `pg` is not to be asked before it has answered. */
export function sharedTransaction(tx: PostgresQuery): PostgresQuery {
  const turns = new OneAtATime()
  const shared = {
    query: (text: string, values?: unknown[]) => turns.run(() => tx.query(text, values)),
    getTransactionStatus: () => statusOf(tx),
  }
  return shared
}
