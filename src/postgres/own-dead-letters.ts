import type { OwnDeadLetterStore } from '../dead-letter/index.ts'
import { Changes } from './changes.ts'
import { Database, type PostgresOptions } from './database.ts'
import { PostgresDeadLetterStore } from './dead-letter-store.ts'
import { Session } from './session.ts'
import type { PostgresSource } from './source.ts'

/**
 * Dead letters on a PostgreSQL server, for an engine that has no place for them; the engine closes it.
 * @throws as `postgres`.
 */
export async function postgresDeadLetters(
  source: PostgresSource,
  options: PostgresOptions = {},
): Promise<OwnDeadLetterStore> {
  const store = new OwnStore(new Database(source, options, 'postgresDeadLetters()'))
  try {
    await store.count()
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

class OwnStore extends PostgresDeadLetterStore implements OwnDeadLetterStore {
  readonly #database: Database
  readonly #session: Session
  readonly #changes: Changes

  constructor(database: Database) {
    const session = new Session(database)
    const changes = new Changes(database, session)
    super(database, changes, { fenced: false })
    this.#database = database
    this.#session = session
    this.#changes = changes
  }

  async close(): Promise<void> {
    this.#changes.close()
    await this.#session.close()
    await this.#database.close()
  }
}
