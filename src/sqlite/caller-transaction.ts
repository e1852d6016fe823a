import { realpathSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { TidingsError } from '../kernel/index.ts'
import { Appender } from './appender.ts'
import { checkDurable } from './database.ts'

/** Appends inside a transaction that the caller has open on a connection of their own to the same file. */
export class CallerTransactions {
  readonly #file: string
  readonly #appenders = new WeakMap<DatabaseSync, Appender>()

  constructor(file: string) {
    this.#file = file
  }

  /** @throws `transaction_invalid` unless `tx` is an open transaction on our file. */
  appenderOf(tx: unknown): Appender {
    if (!(tx instanceof DatabaseSync)) {
      throw new TidingsError(
        'transaction_invalid',
        'The tx given is not a DatabaseSync of node:sqlite. Give the connection on which your transaction is open.',
      )
    }
    if (!tx.isTransaction) {
      throw new TidingsError(
        'transaction_invalid',
        'No transaction is open on the connection given as tx, so the event could not commit with your rows. Begin one with BEGIN IMMEDIATE, or use `transaction` of the engine.',
      )
    }
    const known = this.#appenders.get(tx)
    if (known !== undefined) return known
    this.#checkFile(tx)
    checkDurable(tx, this.#file)
    const appender = new Appender(tx)
    this.#appenders.set(tx, appender)
    return appender
  }

  #checkFile(tx: DatabaseSync): void {
    const location = tx.location()
    if (location !== null && realpathSync(location) === realpathSync(this.#file)) return
    throw new TidingsError(
      'transaction_invalid',
      `The transaction given as tx is on ${location ?? 'a database in memory'}, but the events are in ${this.#file}, and two files do not commit together. Keep the rows in the file of the log.`,
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
