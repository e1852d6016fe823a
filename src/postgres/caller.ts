import { TidingsError, toError } from '../kernel/index.ts'
import { postgresError, sqlState, stateOf } from './errors.ts'
import type { PostgresQuery, PostgresResult } from './query.ts'

/**
 * Runs a statement in a transaction that the caller has open. A statement outside of one would be a transaction of its
 * own, and commit without the caller's rows: a client of `pg` knows whether one is open, of others a statement that is
 * refused outside of one finds out.
 * @param table that the statement writes to.
 * @throws `transaction_invalid`
 */
export async function inCallersTransaction(
  tx: PostgresQuery,
  table: string,
  text: string,
  values: readonly unknown[],
): Promise<PostgresResult> {
  if (typeof tx !== 'object' || tx === null || typeof tx.query !== 'function') throw notATransaction()
  try {
    const status = statusOf(tx)
    if (status === 'I') throw notOpen()
    if (status === undefined) await tx.query(`LOCK TABLE ${table} IN ROW EXCLUSIVE MODE`)
    return await tx.query(text, [...values])
  } catch (error) {
    throw invalidOf(error)
  }
}

/** `T` inside a transaction, `E` in one that has failed, `I` outside; undefined of a handle that does not say. */
function statusOf(tx: PostgresQuery): string | undefined {
  if (!('getTransactionStatus' in tx) || typeof tx.getTransactionStatus !== 'function') return undefined
  const status: unknown = tx.getTransactionStatus()
  return typeof status === 'string' ? status : undefined
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
  if (state === sqlState.undefinedTable || state === sqlState.undefinedSchema) return ofAnotherDatabase(error)
  if (state === undefined && !(error instanceof TidingsError)) return refusedByHandle(error)
  return postgresError(error)
}

export function ofAnotherDatabase(cause?: unknown): TidingsError {
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
