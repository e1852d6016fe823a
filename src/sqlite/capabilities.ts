import type { DatabaseSync } from 'node:sqlite'
import { type LogStoreCapabilities, logStoreCapabilities } from '../log/index.ts'

export interface SqliteCapabilities extends LogStoreCapabilities {
  readonly name: 'sqlite'
  readonly durableAck: 'fsync'
  readonly callerTransaction: true
  /** A connection of `node:sqlite` to the same file, with an open transaction. */
  readonly '~tx'?: DatabaseSync
}

export const sqliteCapabilities: SqliteCapabilities = {
  ...logStoreCapabilities,
  name: 'sqlite',
  durableAck: 'fsync',
  callerTransaction: true,
}
