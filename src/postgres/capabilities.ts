import { type LogStoreCapabilities, logStoreCapabilities } from '../log/index.ts'

export interface PostgresCapabilities extends LogStoreCapabilities {
  readonly name: 'postgres'
  readonly callerTransaction: false
}

/** Of a server that syncs what commits; `postgres` asks it. */
export const postgresCapabilities: PostgresCapabilities = {
  ...logStoreCapabilities,
  name: 'postgres',
  durableAck: 'fsync',
  callerTransaction: false,
}
