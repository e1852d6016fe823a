// oxlint-disable typescript/unbound-method -- each is called with the `this` that it was called with
import { basename } from 'node:path'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import pg from 'pg'
import { type StatementPoint } from './list.ts'
import type { Striker } from './strike.ts'

/** Makes the statements of this process steps of the striker, where they are points: what runs them does not know. */
export function tapStatements(points: readonly StatementPoint[], striker: Striker): void {
  const pointOf = (file: string | undefined, text: string): string | undefined =>
    points.find((point) => point.file === file && point.text.test(text))?.name
  const step = <Result>(file: string | undefined, text: string, run: () => Result): Result => {
    const point = pointOf(file, text.trim())
    return point === undefined ? run() : striker.step(point, run)
  }
  tapSqlite(step)
  tapPostgres(step)
}

type Step = <Result>(file: string | undefined, text: string, run: () => Result) => Result

function tapSqlite(step: Step): void {
  const databases = new WeakMap<StatementSync, DatabaseSync>()
  const { prepare, exec } = DatabaseSync.prototype
  const { run } = StatementSync.prototype
  DatabaseSync.prototype.prepare = function (this: DatabaseSync, ...given) {
    const statement = prepare.apply(this, given)
    databases.set(statement, this)
    return statement
  }
  DatabaseSync.prototype.exec = function (this: DatabaseSync, text) {
    step(fileOf(this), text, () => exec.call(this, text))
  }
  StatementSync.prototype.run = function (this: StatementSync, ...given: unknown[]) {
    const database = databases.get(this)
    return step(database && fileOf(database), this.sourceSQL, () => Reflect.apply(run, this, given))
  } as typeof run
}

const fileOf = (database: DatabaseSync): string => basename(database.location() ?? '')

/** Every query of a pool ends in one of a client; a callback is its end where there is one. */
function tapPostgres(step: Step): void {
  const { query } = pg.Client.prototype
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
    const [text] = given
    const run = (): unknown => Reflect.apply(query, this, given)
    if (typeof text !== 'string') return run()
    const callback = given.at(-1)
    if (typeof callback !== 'function') return step(undefined, text, run)
    const { promise, resolve } = Promise.withResolvers<void>()
    given[given.length - 1] = (...results: unknown[]) => {
      resolve()
      Reflect.apply(callback, undefined, results)
    }
    void step(undefined, text, () => {
      run()
      return promise
    })
    return undefined
  } as typeof query
}
