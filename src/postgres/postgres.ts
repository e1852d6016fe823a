import type { Engine } from '../bus/index.ts'
import type { DeadLetterStore } from '../dead-letter/index.ts'
import { LogTransport, type Probe } from '../log/index.ts'
import type { PostgresCapabilities } from './capabilities.ts'
import { Changes } from './changes.ts'
import { Database, type PostgresOptions } from './database.ts'
import { PostgresDeadLetterStore } from './dead-letter-store.ts'
import { leasesOn } from './leases.ts'
import { PostgresLogStore } from './log-store.ts'
import { probeServer } from './probe.ts'
import { Session } from './session.ts'
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
    super(new PostgresLogStore(database, changes, capabilities, leasesOn(database)), database.clock)
    this.deadLetters = new PostgresDeadLetterStore(database, changes, { fenced: true })
    this.#database = database
    this.#session = session
    this.#changes = changes
  }

  async probe(): Promise<Probe> {
    const { version, durability } = await probeServer((text) => this.#database.query(text))
    return { version, durability }
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
  const database = new Database(source, options, 'postgres()')
  try {
    const { capabilities } = await probeServer((text) => database.query(text))
    return new PostgresEngine(database, capabilities)
  } catch (error) {
    await database.close()
    throw error
  }
}
