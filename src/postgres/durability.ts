import type { DurabilityFinding } from '../log/index.ts'
import type { PostgresCapabilities } from './capabilities.ts'
import { only, type Row } from './sql.ts'

/** The settings of a server that decide what a commit has reached. */
export interface PostgresDurability {
  readonly fsync: string
  readonly synchronousCommit: string
  readonly fullPageWrites: string
  readonly synchronousStandbyNames: string
}

/** Runs a statement without values, wherever it reads from. */
export type Ask = (text: string) => Promise<readonly Row[]>

/** As a session of these stores sees them: role and database may have their own. */
export async function readDurability(ask: Ask): Promise<PostgresDurability> {
  const row = only(
    await ask(
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
  if (findingsOf(settings).some(({ verdict }) => verdict === 'weak')) return 'memory'
  const { synchronousCommit, synchronousStandbyNames } = settings
  return synchronousStandbyNames !== '' && synchronousCommit !== 'local' ? 'replicated' : 'fsync'
}

/** What follows from each setting, for whoever has to rely on commits. */
export function findingsOf(settings: PostgresDurability): readonly DurabilityFinding[] {
  const { fsync, synchronousCommit, fullPageWrites, synchronousStandbyNames } = settings
  return [
    finding('fsync', fsync, fsync === 'on', 'A crash of the machine can lose commits. Set it on.'),
    finding(
      'synchronous_commit',
      synchronousCommit,
      synchronousCommit !== 'off',
      'A crash can undo the last commits. Set it on, for the server or for this role.',
    ),
    finding(
      'full_page_writes',
      fullPageWrites,
      fullPageWrites === 'on',
      'A crash of the machine can corrupt pages. Set it on.',
    ),
    finding('synchronous_standby_names', synchronousStandbyNames === '' ? 'none' : synchronousStandbyNames),
  ]
}

function finding(setting: string, value: string, safe = true, advice = ''): DurabilityFinding {
  const verdict = safe ? 'safe' : 'weak'
  return { setting, value, topics: [], verdict, advice: safe ? '' : advice }
}
