import type { DatabaseSync } from 'node:sqlite'
import { limits } from '../kernel/index.ts'
import type { Capabilities } from '../log/index.ts'

export interface SqliteCapabilities extends Capabilities {
  readonly name: 'sqlite'
  readonly order: 'partition'
  readonly replay: { readonly start: true; readonly time: true; readonly offset: true }
  readonly lag: 'exact'
  readonly handover: 'drained'
  readonly fencing: true
  readonly hold: true
  readonly delay: true
  readonly durableAck: 'fsync'
  readonly trustedRecords: true
  readonly callerTransaction: true
  /** A connection of `node:sqlite` to the same file, with an open transaction. */
  readonly '~tx'?: DatabaseSync
}

export const sqliteCapabilities: SqliteCapabilities = {
  name: 'sqlite',
  order: 'partition',
  replay: { start: true, time: true, offset: true },
  lag: 'exact',
  handover: 'drained',
  fencing: true,
  hold: true,
  delay: true,
  maxBytes: limits.eventBytes,
  durableAck: 'fsync',
  trustedRecords: true,
  callerTransaction: true,
}
