import type { DatabaseSync } from 'node:sqlite'
import type { Engine } from '../bus/index.ts'
import type { DeadLetterStore } from '../dead-letter/index.ts'
import type { InboxStore, Synchronous } from '../inbox/index.ts'
import type { Clock, Random } from '../kernel/index.ts'
import { LogTransport, type Probe } from '../log/index.ts'
import type { StreamStore } from '../streams/index.ts'
import type { SqliteCapabilities } from './capabilities.ts'
import type { ChangeFeed } from './change-feed.ts'
import { checkHas, createTables, openDatabase } from './database.ts'
import { SqliteDeadLetterStore } from './dead-letter-store.ts'
import { durabilityOf } from './durability.ts'
import { runSynchronously, SqliteInbox, type SqliteTransact } from './inbox.ts'
import { SqliteLogStore } from './log-store.ts'
import { type SqliteOptions, sqliteSettings } from './options.ts'
import { SqliteStreamStore } from './stream-store.ts'
import type { SqliteTransaction } from './transaction.ts'
import { Writer } from './writer.ts'

/** The SQLite engine: a log, its dead letters and, for handlers that write to the same file, an inbox. */
export class SqliteEngine extends LogTransport<SqliteCapabilities> implements Engine<SqliteCapabilities> {
  readonly deadLetters: DeadLetterStore
  readonly file: string
  readonly #database: DatabaseSync
  readonly #writer: Writer
  readonly #clock: Clock
  readonly #changes: ChangeFeed

  constructor(file: string, database: DatabaseSync, clock: Clock, random: Random) {
    const writer = new Writer(database, file, clock, random)
    const store = new SqliteLogStore(writer, clock)
    super(store, clock)
    this.file = file
    this.deadLetters = new SqliteDeadLetterStore(writer, store.changes, { fenced: true })
    this.#database = database
    this.#writer = writer
    this.#clock = clock
    this.#changes = store.changes
  }

  /**
   * Runs the caller's writes in a transaction of the log's own connection. What is published inside with `{ tx }`
   * commits with them, or not at all. Fulfils with the function's result once that is durable; transactions ready in
   * one turn of the event loop share one commit. The function is synchronous: a Promise does not compile.
   */
  transaction<Result>(run: (tx: DatabaseSync) => Synchronous<Result>): Promise<Result> {
    return this.#writer.write(() => runSynchronously('transaction', run, this.#database))
  }

  /** The connection, for reading and for creating the caller's own tables. Write through `transaction`. */
  get database(): DatabaseSync {
    return this.#database
  }

  /** An inbox in this file: `transact` then may also publish, with `{ tx }`. */
  inbox(): InboxStore<SqliteTransact> {
    return new SqliteInbox(this.#writer, this.#clock)
  }

  /** Streams in this file: what is written with an append may also publish, with `{ tx }`. The engine closes them. */
  streams(): StreamStore<SqliteTransaction> {
    return new SqliteStreamStore(this.#writer, this.#changes, this.#clock)
  }

  async probe(): Promise<Probe> {
    const version = process.versions.sqlite ?? ''
    return { version, durability: durabilityOf(this.#database, this.file) }
  }

  override async close(): Promise<void> {
    await super.close()
    if (this.#database.isOpen) this.#database.close()
  }
}

/**
 * Opens a SQLite file as an engine, creating it where there is none. Publishes are durable: every commit is synced.
 * Several processes of one machine may open the same file.
 * @throws `file_missing` with `create: false`, `file_not_ours`, `file_read_only`, `file_version`, `storage_full`, `not_durable`, `engine_unreachable`.
 */
export async function sqlite(file: string, options: SqliteOptions = {}): Promise<SqliteEngine> {
  const { clock, random, create } = sqliteSettings('sqlite()', options)
  if (!create) checkHas(file, 'log')
  const database = openDatabase(file)
  try {
    // All at once, in a wait at start: `engine.inbox()` may be called while the program runs.
    createTables(database, file, ['log', 'inbox', 'streams'])
  } catch (error) {
    database.close()
    throw error
  }
  return new SqliteEngine(file, database, clock, random)
}
