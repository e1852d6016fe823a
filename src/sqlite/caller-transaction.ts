import { realpathSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { TidingsError } from '../kernel/index.ts'
import { checkDurable } from './database.ts'

/**
 * What a store needs to write inside a transaction that the caller has open, on a connection of their own to the same file:
 * made once for each connection.
 */
export class CallerTransactions<Statements extends object> {
  readonly #file: string
  readonly #prepare: (database: DatabaseSync) => Statements
  readonly #known = new WeakMap<DatabaseSync, Statements>()

  /** @param own the connection to a database in memory, which no other can be to. */
  constructor(file: string, prepare: (database: DatabaseSync) => Statements, own?: DatabaseSync) {
    this.#file = file
    this.#prepare = prepare
    if (own !== undefined) this.#known.set(own, prepare(own))
  }

  /** @throws `transaction_invalid` unless `tx` is an open transaction on our file. */
  statementsFor(tx: unknown): Statements {
    if (!(tx instanceof DatabaseSync)) {
      throw new TidingsError(
        'transaction_invalid',
        'The tx given is not a DatabaseSync of node:sqlite. Give the connection on which your transaction is open.',
      )
    }
    if (!tx.isOpen) {
      throw new TidingsError(
        'transaction_invalid',
        'The connection given as tx is closed, so no transaction is open on it. Publish before you commit, and close last.',
      )
    }
    if (!tx.isTransaction) {
      throw new TidingsError(
        'transaction_invalid',
        'No transaction is open on the connection given as tx, so the event could not commit with your rows. Begin one with BEGIN IMMEDIATE, or use `transaction` of the engine.',
      )
    }
    const known = this.#known.get(tx)
    if (known !== undefined) return known
    this.#checkFile(tx)
    checkDurable(tx, this.#file)
    const statements = this.#prepare(tx)
    this.#known.set(tx, statements)
    return statements
  }

  #checkFile(tx: DatabaseSync): void {
    const location = tx.location()
    const isFile = location !== null && this.#file !== ':memory:'
    if (isFile && realpathSync(location) === realpathSync(this.#file)) return
    throw new TidingsError(
      'transaction_invalid',
      `The transaction given as tx is on ${location ?? 'a database in memory'}, but the events are in ${this.#file}, and two files do not commit together. Keep the rows in the file of the events.`,
    )
  }
}

/** Runs inside a savepoint of the open transaction: a caller who catches the error and commits keeps no half append. */
export function inSavepoint<Result>(database: DatabaseSync, run: () => Result): Result {
  database.exec('SAVEPOINT tidings_append')
  try {
    const result = run()
    database.exec('RELEASE tidings_append')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK TO tidings_append; RELEASE tidings_append')
    throw error
  }
}

export function notThroughTransaction(): TidingsError {
  return new TidingsError(
    'transaction_invalid',
    'The tx given is the connection of the engine, outside of its `transaction`, where it would meet other writes of this process. Publish inside `engine.transaction((tx) => …)`, or give a connection of your own.',
  )
}
