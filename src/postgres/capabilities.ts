import { limits } from '../kernel/index.ts'
import type { Capabilities } from '../log/index.ts'

export interface PostgresCapabilities extends Capabilities {
  readonly name: 'postgres'
  readonly order: 'partition'
  readonly replay: { readonly start: true; readonly time: true; readonly offset: true }
  readonly lag: 'exact'
  readonly handover: 'drained'
  readonly fencing: true
  readonly hold: true
  readonly delay: true
  readonly trustedRecords: true
  readonly callerTransaction: false
}

/** Of a server that syncs what commits; `postgres` asks it. */
export const postgresCapabilities: PostgresCapabilities = {
  name: 'postgres',
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
  callerTransaction: false,
}
