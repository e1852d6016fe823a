import type { Engine } from '../bus/index.ts'
import type { DeadLetterStore } from '../dead-letter/index.ts'
import { LogTransport, type Probe } from '../log/index.ts'
import { type PostgresCapabilities, postgresCapabilities } from './capabilities.ts'
import { Changes } from './changes.ts'
import { Database, type PostgresOptions } from './database.ts'
import { PostgresDeadLetterStore } from './dead-letter-store.ts'
import { durableAckOf, findingsOf, readDurability } from './durability.ts'
import { PostgresLogStore } from './log-store.ts'
import { Session } from './session.ts'
import { only } from './sql.ts'
import type { PostgresSource } from './source.ts'

/** The PostgreSQL engine: a log and its dead letters. */
export class PostgresEngine
  extends LogTransport<PostgresCapabilities>
  implements Engine<PostgresCapabilities>
{
  readonly deadLetters: DeadLetterStore
  readonly #database: Database
  readonly #session: Session
  readonly #changes: Changes

  /** Use `postgres`. */
  constructor(database: Database, capabilities: PostgresCapabilities) {
    const session = new Session(database)
    const changes = new Changes(database, session)
    super(new PostgresLogStore(database, changes, capabilities), database.clock)
    this.deadLetters = new PostgresDeadLetterStore(database, changes)
    this.#database = database
    this.#session = session
    this.#changes = changes
  }

  async probe(): Promise<Probe> {
    const { version } = only(
      await this.#database.query("SELECT current_setting('server_version') AS version"),
    )
    // "15.14 (Debian 15.14-0+deb12u1)"
    const [number = ''] = String(version).split(' ')
    return { version: number, durability: findingsOf(await readDurability(this.#database)) }
  }

  override async close(): Promise<void> {
    await super.close()
    this.#changes.close()
    await this.#session.close()
    await this.#database.close()
  }
}

/**
 * Opens a PostgreSQL server as an engine, creating its tables where they are not and the user may. Publishes are durable as
 * the server's settings have it.
 * @param source a URL, `postgres://user:password@host:5432/database?schema=tidings`, or a pool of `pg`, which stays open.
 * @throws `engine_unreachable`, `access_denied`, `tables_missing`, `tables_version`, `url_invalid`.
 */
export async function postgres(
  source: PostgresSource,
  options: PostgresOptions = {},
): Promise<PostgresEngine> {
  const database = new Database(source, options)
  try {
    const settings = await readDurability(database)
    return new PostgresEngine(database, { ...postgresCapabilities, durableAck: durableAckOf(settings) })
  } catch (error) {
    await database.close()
    throw error
  }
}
