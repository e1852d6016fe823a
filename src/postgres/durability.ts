import { TidingsError } from '../kernel/index.ts'
import type { PostgresCapabilities } from './capabilities.ts'
import type { Database } from './database.ts'
import { only } from './sql.ts'

/** The settings of a server that decide what a commit has reached. */
export interface PostgresDurability {
  readonly fsync: string
  readonly synchronousCommit: string
  readonly fullPageWrites: string
  readonly synchronousStandbyNames: string
}

/** As a session of these stores sees them: role and database may have their own. */
export async function readDurability(database: Database): Promise<PostgresDurability> {
  const row = only(
    await database.query(
      `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
         current_setting('full_page_writes') AS full_page_writes,
         current_setting('synchronous_standby_names') AS synchronous_standby_names`,
    ),
  )
  return {
    fsync: String(row['fsync']),
    synchronousCommit: String(row['synchronous_commit']),
    fullPageWrites: String(row['full_page_writes']),
    synchronousStandbyNames: String(row['synchronous_standby_names']),
  }
}

/** What a fulfilled publish has reached on such a server. */
export function durableAckOf(settings: PostgresDurability): PostgresCapabilities['durableAck'] {
  if (weaknessOf(settings) !== undefined) return 'memory'
  const { synchronousCommit, synchronousStandbyNames } = settings
  return synchronousStandbyNames !== '' && synchronousCommit !== 'local' ? 'replicated' : 'fsync'
}

/**
 * A server that acknowledges what a power cut can undo is refused where durability is required, else there is a warning.
 * @throws `not_durable`
 */
export function checkDurability(settings: PostgresDurability, required: boolean): void {
  const weakness = weaknessOf(settings)
  if (weakness === undefined) return
  const sentence = `PostgreSQL has ${weakness}, so that a crash of the machine can undo what was acknowledged. Set it on, or do without the promise.`
  if (required) throw new TidingsError('not_durable', sentence)
  process.emitWarning(sentence)
}

function weaknessOf({ fsync, synchronousCommit, fullPageWrites }: PostgresDurability): string | undefined {
  if (fsync !== 'on') return `fsync=${fsync}`
  if (synchronousCommit === 'off') return 'synchronous_commit=off'
  if (fullPageWrites !== 'on') return `full_page_writes=${fullPageWrites}`
  return undefined
}
