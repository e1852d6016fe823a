import type { Probe } from '../log/index.ts'
import { type PostgresCapabilities, postgresCapabilities } from './capabilities.ts'
import { type Ask, durableAckOf, findingsOf, readDurability } from './durability.ts'
import { postgresError } from './errors.ts'
import { openSource, type PostgresSource } from './source.ts'
import { only, rowsOf } from './sql.ts'

/** What a server can do, and what it is set up for. */
export interface PostgresProbe extends Probe {
  readonly capabilities: PostgresCapabilities
}

/** As a session that asks so sees it; no tables are needed. */
export async function probeServer(ask: Ask): Promise<PostgresProbe> {
  const { version } = only(await ask("SELECT current_setting('server_version') AS version"))
  // "15.14 (Debian 15.14-0+deb12u1)"
  const [number = ''] = String(version).split(' ')
  const settings = await readDurability(ask)
  const capabilities = { ...postgresCapabilities, durableAck: durableAckOf(settings) }
  return { version: number, durability: findingsOf(settings), capabilities }
}

/**
 * Asks a server what `postgres` would find there, also one that has no tables of Tidings yet. Creates nothing.
 * @throws `engine_unreachable`, `access_denied`, `url_invalid`.
 */
export async function probePostgres(source: PostgresSource): Promise<PostgresProbe> {
  const { pool, end } = await openSource(source)
  try {
    return await probeServer((text) => rowsOf(pool, text))
  } catch (error) {
    throw postgresError(error)
  } finally {
    await end()
  }
}
