import type { DatabaseSync } from 'node:sqlite'
import { type Clock } from '../kernel/index.ts'
import type {
  OutboxFigures,
  OutboxRecord,
  OutboxStore,
  PendingRecord,
  Refusal,
  RefusedRecord,
  RelayTerm,
} from '../outbox/index.ts'
import { bootId } from './boot.ts'
import { CallerTransactions, inSavepoint } from './caller-transaction.ts'
import { ChangeFeed } from './change-feed.ts'
import { checkDurable, checkHas, createTables, openDatabase } from './database.ts'
import { reading } from './errors.ts'
import { OutboxRelay } from './outbox-relay.ts'
import { OutboxAdder, OutboxTable } from './outbox-table.ts'
import { type SqliteOptions, sqliteSettings } from './options.ts'
import type { SqliteTransaction } from './transaction.ts'
import { WakeUp } from './wake-up.ts'
import { Writer } from './writer.ts'

/**
 * An outbox in a SQLite file, beside the rows of the service. `tx` is any connection to that file with an open transaction:
 * the caller's own, the one that `transact` of an inbox gives, or that of `engine.transaction`. Made at start: while
 * another process holds the lock of the file it blocks, for up to `limits.busyMs`.
 * @param database the file, or an open connection to it. The relay has a connection of its own, so that a transaction
 * which stays open does not hold it up; only a database in memory is used as it is.
 */
export function sqliteOutbox(
  database: string | DatabaseSync,
  options: SqliteOptions = {},
): OutboxStore<SqliteTransaction> {
  const { clock, random, create } = sqliteSettings('sqliteOutbox()', options)
  const file = typeof database === 'string' ? database : (database.location() ?? ':memory:')
  if (!create) checkHas(file, 'outbox')
  const isShared = typeof database !== 'string' && file === ':memory:'
  const connection = isShared ? database : openDatabase(file)
  try {
    checkDurable(connection, file)
    createTables(connection, file, ['outbox'])
  } catch (error) {
    if (!isShared) connection.close()
    throw error
  }
  return new SqliteOutbox(new Writer(connection, file, clock, random), clock, !isShared)
}

class SqliteOutbox implements OutboxStore<SqliteTransaction> {
  readonly #writer: Writer
  readonly #clock: Clock
  readonly #isOwner: boolean
  readonly #changes: ChangeFeed
  readonly #callers: CallerTransactions<OutboxAdder>
  readonly #table: OutboxTable
  readonly #relay: OutboxRelay
  #telling = false

  constructor(writer: Writer, clock: Clock, isOwner: boolean) {
    const { database, file } = writer
    this.#writer = writer
    this.#clock = clock
    this.#isOwner = isOwner
    this.#changes = new ChangeFeed(database, clock, new WakeUp(undefined))
    this.#callers = new CallerTransactions(file, (tx) => new OutboxAdder(tx), isOwner ? undefined : database)
    this.#table = new OutboxTable(database)
    this.#relay = new OutboxRelay(database, bootId(), clock)
  }

  add(tx: DatabaseSync, records: readonly OutboxRecord[]): void {
    const adder = this.#callers.statementsFor(tx)
    const nowMs = this.#clock.now()
    const add = (): void => {
      for (const record of records) adder.add(record, nowMs)
    }
    // One statement is all or nothing by itself.
    reading({ database: tx, file: this.#writer.file }, () =>
      records.length === 1 ? add() : inSavepoint(tx, add),
    )
    this.#tellSoon()
  }

  async lead(relay: string, leaseMs: number): Promise<RelayTerm | undefined> {
    // Whoever stands by only reads.
    if (!reading(this.#writer, () => this.#relay.isFree(relay))) return undefined
    return this.#writer.writeFirst(() => this.#relay.lead(relay, leaseMs))
  }

  resign(term: RelayTerm): Promise<void> {
    return this.#writer.writeFirst(() => this.#relay.resign(term))
  }

  async claim(
    term: RelayTerm,
    { maxRecords, maxBytes }: { readonly maxRecords: number; readonly maxBytes: number },
  ): Promise<readonly PendingRecord[]> {
    return reading(this.#writer, () => {
      const oldest = this.#table.oldest(maxRecords, maxBytes)
      this.#relay.check(term)
      return oldest
    })
  }

  settle(term: RelayTerm, positions: readonly number[]): Promise<void> {
    return this.#writer.writeFirst(() => {
      this.#relay.check(term)
      this.#table.settle(positions)
    })
  }

  refuse(term: RelayTerm, refusals: readonly Refusal[]): Promise<void> {
    return this.#writer.writeFirst(() => {
      this.#relay.check(term)
      this.#table.refuse(refusals)
    })
  }

  async listRefused(limit: number): Promise<readonly RefusedRecord[]> {
    return reading(this.#writer, () => this.#table.listRefused(limit))
  }

  async restore(): Promise<number> {
    const restored = await this.#writer.write(() => this.#table.restore(this.#clock.now()))
    if (restored > 0) this.#tell()
    return restored
  }

  async figures(): Promise<OutboxFigures> {
    return reading(this.#writer, () => this.#table.figures(this.#clock.now()))
  }

  watch(changed: () => void): () => void {
    return this.#changes.watch(() => changed())
  }

  async close(): Promise<void> {
    await this.#writer.settled()
    this.#changes.close()
    const { database } = this.#writer
    if (this.#isOwner && database.isOpen) database.close()
  }

  /** The caller mostly commits in this turn of the event loop. A later commit is found by polling, as those of other processes. */
  #tellSoon(): void {
    if (this.#telling) return
    this.#telling = true
    this.#clock.defer(() => {
      this.#telling = false
      this.#tell()
    })
  }

  #tell(): void {
    this.#changes.emit({ kind: 'unknown' })
  }
}
