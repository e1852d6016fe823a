import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { type Clock, Listeners, limits, systemClock, TidingsError } from '../kernel/index.ts'
import type {
  Appended,
  AppendOptions,
  ReadStream,
  StoredSnapshot,
  StreamEvent,
  StreamId,
  StreamRecord,
  StreamStore,
  StreamSummary,
} from '../streams/index.ts'
import { ChangeFeed } from './change-feed.ts'
import { checkDurable, checkHas, createTables, openDatabase } from './database.ts'
import { reading } from './errors.ts'
import { runSynchronously } from './inbox.ts'
import { StreamTable } from './stream-table.ts'
import { rows } from './topic-table.ts'
import { type SqliteOptions, sqliteSettings } from './options.ts'
import type { SqliteTransaction } from './transaction.ts'
import { WakeUp } from './wake-up.ts'
import { Writer } from './writer.ts'

type SummaryRow = readonly [id: string, version: number, appendedAt: number]
type SnapshotRow = readonly [version: number, state: string]

/** Streams in a SQLite file. Appends of one turn of the event loop share one commit. */
export class SqliteStreamStore implements StreamStore<SqliteTransaction> {
  readonly #writer: Writer
  readonly #changes: ChangeFeed
  readonly #clock: Clock
  readonly #table: StreamTable
  readonly #list: StatementSync
  readonly #snapshot: StatementSync
  readonly #keep: StatementSync
  readonly #prune: StatementSync
  readonly #listeners = new Listeners()
  #stopWatching: (() => void) | undefined

  constructor(writer: Writer, changes: ChangeFeed, clock: Clock) {
    const { database } = writer
    this.#writer = writer
    this.#changes = changes
    this.#clock = clock
    this.#table = new StreamTable(database)
    this.#list = rows(
      database,
      'SELECT id, version, appended_at FROM tidings_stream WHERE name = ? AND id > ? AND version > 0 ORDER BY id LIMIT ?',
    )
    this.#snapshot = rows(
      database,
      `SELECT version, state FROM tidings_snapshot
       WHERE slot = (SELECT slot FROM tidings_stream WHERE name = ? AND id = ?) AND key = ?`,
    )
    this.#keep = database.prepare(
      `INSERT INTO tidings_snapshot (slot, key, version, state) VALUES (?, ?, ?, ?)
       ON CONFLICT (slot, key) DO UPDATE SET version = excluded.version, state = excluded.state
       WHERE excluded.version > tidings_snapshot.version`,
    )
    this.#prune = database.prepare(
      `DELETE FROM tidings_snapshot WHERE slot = ?1 AND key IN (
         SELECT key FROM tidings_snapshot WHERE slot = ?1 AND key <> ?2
         ORDER BY version DESC LIMIT -1 OFFSET ${limits.streamSnapshots - 1})`,
    )
  }

  append(
    stream: StreamId,
    events: readonly StreamEvent[],
    { expected, within }: AppendOptions<SqliteTransaction>,
  ): Promise<Appended> {
    return this.#writer.publish(() => {
      const appended = this.#table.append(stream, events, expected, this.#clock.now())
      if (appended.written && within !== undefined) runSynchronously('within', within, this.#writer.database)
      if (appended.written && events.length > 0) this.#writer.afterCommit(() => this.#tell())
      return appended
    }, sizeOf(events))
  }

  async read(
    stream: StreamId,
    { direction = 'forward', from, limit }: ReadStream,
  ): Promise<readonly StreamRecord[]> {
    const first = from ?? (direction === 'forward' ? 1 : Number.MAX_SAFE_INTEGER)
    return this.#read(() => this.#table.read(stream, direction, first, limit))
  }

  async readAll({
    after,
    names,
    limit,
  }: Parameters<StreamStore['readAll']>[0]): Promise<readonly StreamRecord[]> {
    return this.#read(() => this.#table.readAll(positionOf(after), names, limit))
  }

  async countAll({ after, names }: Parameters<StreamStore['countAll']>[0]): Promise<number> {
    return this.#read(() => this.#table.count(positionOf(after), names))
  }

  async find(eventId: string): Promise<StreamRecord | undefined> {
    return this.#read(() => this.#table.find(eventId))
  }

  /** In slices of one commit each, so that neither the event loop nor another process waits for the whole. */
  async truncate(stream: StreamId, before: number): Promise<number> {
    let deleted = 0
    for (;;) {
      const slice = await this.#writer.write(() => this.#table.cut(stream, before, limits.streamPage))
      deleted += slice
      if (slice < limits.streamPage) return deleted
    }
  }

  async list(
    name: string,
    { after, limit }: Parameters<StreamStore['list']>[1],
  ): Promise<readonly StreamSummary[]> {
    const found = this.#read(() => this.#list.all(name, after ?? '', limit)) as unknown as SummaryRow[]
    return found.map(([id, version, appendedAt]) => ({ stream: { name, id }, version, appendedAt }))
  }

  async loadSnapshot(stream: StreamId, key: string): Promise<StoredSnapshot | undefined> {
    const row = this.#read(() => this.#snapshot.get(stream.name, stream.id, key)) as unknown as
      | SnapshotRow
      | undefined
    return row && { version: row[0], state: row[1] }
  }

  saveSnapshot(stream: StreamId, key: string, { version, state }: StoredSnapshot): Promise<void> {
    return this.#writer.write(() => {
      const slot = this.#table.slotOf(stream)
      if (slot === undefined) return
      this.#keep.run(slot, key, version, state)
      this.#prune.run(slot, key)
    })
  }

  watch(changed: () => void): () => void {
    const stop = this.#listeners.add(changed)
    this.#changes.attend()
    this.#stopWatching ??= this.#changes.watch(({ kind }) => {
      if (kind === 'unknown') this.#listeners.tell()
    })
    return () => {
      stop()
      if (this.#listeners.size > 0) return
      this.#stopWatching?.()
      this.#stopWatching = undefined
    }
  }

  async close(): Promise<void> {
    this.#stopWatching?.()
    this.#listeners.clear()
    await this.#writer.settled()
  }

  #tell(): void {
    this.#listeners.tell()
    this.#changes.wake()
  }

  #read<Result>(read: () => Result): Result {
    return reading(this.#writer, read)
  }
}

function sizeOf(events: readonly StreamEvent[]): { readonly records: number; readonly bytes: number } {
  let bytes = 0
  for (const { body } of events) bytes += body.length
  return { records: Math.max(1, events.length), bytes }
}

/** @throws `option_invalid` for what no store of this kind has given. */
function positionOf(after: string | undefined): number {
  const position = Number(after ?? 0)
  if (Number.isSafeInteger(position) && position >= 0) return position
  throw new TidingsError(
    'option_invalid',
    `There is no position ${JSON.stringify(after)} in a SQLite file. Give one that was read from it, or none to begin at the start.`,
  )
}

/**
 * Streams in the service's own SQLite file, beside its tables. Made at start: while another process holds the lock of the
 * file it blocks, for up to `limits.busyMs`. To append and publish in one transaction, take `engine.streams()`.
 * @param database the file, or an open connection to it; the same connection is the `tx` of what is written with an append.
 * @throws `file_not_ours`, `file_read_only`, `file_version`, `not_durable`, `storage_full`, `engine_unreachable`.
 */
export function sqliteStreams(
  database: string | DatabaseSync,
  options: SqliteOptions = {},
): StreamStore<SqliteTransaction> {
  const { clock, random, create } = sqliteSettings('sqliteStreams()', options)
  const file = database instanceof DatabaseSync ? (database.location() ?? ':memory:') : database
  if (!create) checkHas(file, 'streams')
  const connection = database instanceof DatabaseSync ? database : openDatabase(database)
  try {
    checkDurable(connection, file)
    createTables(connection, file, ['streams'])
  } catch (error) {
    if (connection !== database) connection.close()
    throw error
  }
  const shared = clock === systemClock && file !== ':memory:'
  const changes = new ChangeFeed(connection, clock, new WakeUp(shared ? file : undefined))
  const store = new SqliteStreamStore(new Writer(connection, file, clock, random), changes, clock)
  return closing(store, async () => {
    changes.close()
    if (connection !== database && connection.isOpen) connection.close()
  })
}

/** The store, whose `close` also closes what was opened for it alone. */
function closing(store: SqliteStreamStore, close: () => Promise<void>): SqliteStreamStore {
  const settle = store.close.bind(store)
  return Object.assign(store, {
    close: async () => {
      await settle()
      await close()
    },
  })
}
