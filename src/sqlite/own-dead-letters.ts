import type { DatabaseSync } from 'node:sqlite'
import type { OwnDeadLetterStore } from '../dead-letter/index.ts'
import { checkHas, createTables, openDatabase } from './database.ts'
import { SqliteDeadLetterStore } from './dead-letter-store.ts'
import { SqliteLogStore } from './log-store.ts'
import { type SqliteOptions, sqliteSettings } from './options.ts'
import { Writer } from './writer.ts'

/**
 * Dead letters in a SQLite file, for an engine that has no place for them; the engine closes it. Several processes of one
 * machine may open the same file.
 * @throws as `sqlite`.
 */
export async function sqliteDeadLetters(
  file: string,
  options: SqliteOptions = {},
): Promise<OwnDeadLetterStore> {
  const { clock, random, create } = sqliteSettings('sqliteDeadLetters()', options)
  if (!create) checkHas(file, 'log')
  const database = openDatabase(file)
  try {
    createTables(database, file, ['log'])
  } catch (error) {
    database.close()
    throw error
  }
  const writer = new Writer(database, file, clock, random)
  return new OwnStore(database, writer, new SqliteLogStore(writer, clock))
}

class OwnStore extends SqliteDeadLetterStore implements OwnDeadLetterStore {
  readonly #database: DatabaseSync
  readonly #log: SqliteLogStore

  constructor(database: DatabaseSync, writer: Writer, log: SqliteLogStore) {
    super(writer, log.changes, { fenced: false })
    this.#database = database
    this.#log = log
  }

  async close(): Promise<void> {
    await this.#log.close()
    if (this.#database.isOpen) this.#database.close()
  }
}
