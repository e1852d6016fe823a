import { TidingsError, toError } from '../kernel/index.ts'
import type { Database } from './database.ts'
import { postgresError, sqlState, stateOf } from './errors.ts'
import { type PostgresQuery, type PostgresResult, statusOf } from './query.ts'

/**
 * Transactions that callers have open. A statement outside of one would be a transaction of its own, and commit without the
 * caller's rows: a client of `pg` knows whether one is open, of others a statement that is refused outside of one finds out.
 */
export class CallersTransactions {
  readonly #database: Database
  readonly #table: string
  readonly #isOurs: string
  /** Clients of `pg` that are on our database: they stay on it. */
  readonly #ours = new WeakSet<PostgresQuery>()

  /**
   * @param table that is written to.
   * @param isOurs SQL that has a row where `$1` is the identity of the tables.
   */
  constructor(database: Database, table: string, isOurs: string) {
    this.#database = database
    this.#table = table
    this.#isOurs = isOurs
  }

  /** @throws `transaction_invalid` unless a transaction on our database is open. */
  async check(tx: PostgresQuery): Promise<void> {
    checkHandle(tx)
    const status = statusOf(tx)
    if (status === 'I') throw notOpen()
    if (status === undefined) await this.query(tx, `LOCK TABLE ${this.#table} IN ROW EXCLUSIVE MODE`)
    if (!this.#ours.has(tx)) await this.#checkDatabase(tx, status !== undefined)
  }

  /** @throws `transaction_invalid`, and what else PostgreSQL says, in our words. */
  async query(tx: PostgresQuery, text: string, values: readonly unknown[] = []): Promise<PostgresResult> {
    try {
      return await tx.query(text, [...values])
    } catch (error) {
      if (isTableMissing(error) && this.#database.identity === undefined) throw notMadeYet(error)
      throw invalidOf(error)
    }
  }

  /** Another database may have tables of ours, too; which ours are is known once one has been used here. */
  async #checkDatabase(tx: PostgresQuery, isConnection: boolean): Promise<void> {
    const { identity } = this.#database
    if (identity === undefined) return
    const { rows } = await this.query(tx, this.#isOurs, [identity])
    if (rows.length === 0) throw ofAnotherDatabase()
    if (isConnection) this.#ours.add(tx)
  }
}

/** @throws `transaction_invalid` for what takes no statements. */
export function checkHandle(tx: PostgresQuery): void {
  if (typeof tx !== 'object' || tx === null || typeof tx.query !== 'function') throw notATransaction()
}

function invalidOf(error: unknown): Error {
  const state = stateOf(error)
  if (state === sqlState.noTransaction) return notOpen(error)
  if (state === sqlState.transactionFailed) {
    return new TidingsError(
      'transaction_invalid',
      'A statement of the transaction given as tx has failed before, so that PostgreSQL takes nothing more in it. Roll it back.',
      { cause: error },
    )
  }
  if (isTableMissing(error)) return ofAnotherDatabase(error)
  const known = postgresError(error)
  if (known instanceof TidingsError && !isClosed(error)) return known
  return state === undefined ? refusedByHandle(error) : known
}

function isTableMissing(error: unknown): boolean {
  const state = stateOf(error)
  return state === sqlState.undefinedTable || state === sqlState.undefinedSchema
}

/** Not made by this call: it would need another connection, which callers who have the whole pool would wait for. */
function notMadeYet(cause: unknown): TidingsError {
  return new TidingsError(
    'tables_missing',
    'The tables of the outbox are not there yet, or the transaction given as tx is on another database. Run `tidings migrate`, or await `outbox.figures()` when the service starts, which makes them.',
    { cause },
  )
}

function ofAnotherDatabase(cause?: unknown): TidingsError {
  return new TidingsError(
    'transaction_invalid',
    'The transaction given as tx is not on the database with the tables of this store, and two databases do not commit together. Keep the rows in the database of the outbox.',
    { cause },
  )
}

function notOpen(cause?: unknown): TidingsError {
  return new TidingsError(
    'transaction_invalid',
    'No transaction is open on what was given as tx, or it is finished, so that nothing could commit with your rows. Call this inside of the transaction, and await it there.',
    { cause },
  )
}

/** A client that its caller has ended is no lost connection. */
function isClosed(error: unknown): boolean {
  return toError(error).message.startsWith('Client was closed')
}

/** Query builders know by themselves when a transaction is finished. */
function refusedByHandle(error: unknown): TidingsError {
  return new TidingsError(
    'transaction_invalid',
    `What was given as tx takes no statement: ${toError(error).message.replace(/\.$/, '')}. Call this inside of the transaction, and await it there.`,
    { cause: error },
  )
}

function notATransaction(): TidingsError {
  return new TidingsError(
    'transaction_invalid',
    'What was given as tx has no query(text, values). Give the client of `pg` on which your transaction is open, or the transaction of a query builder through its adapter, as in drizzleTransaction(tx, sql).',
  )
}
