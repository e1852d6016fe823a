import type { CallerTransaction } from '../kernel/index.ts'
import type { PostgresQuery } from './query.ts'

/** A transaction of PostgreSQL: what is written in it is awaited. */
export interface PostgresTransaction extends CallerTransaction {
  readonly tx: PostgresQuery
  readonly written: Promise<void>
}
