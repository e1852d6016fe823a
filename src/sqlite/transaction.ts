import type { DatabaseSync } from 'node:sqlite'
import type { CallerTransaction } from '../kernel/index.ts'

/** A transaction of SQLite: what is written in it is done when the call returns. */
export interface SqliteTransaction extends CallerTransaction {
  readonly tx: DatabaseSync
  readonly written: void
}
