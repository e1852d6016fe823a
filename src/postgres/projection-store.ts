import {
  type Checkpoint,
  checkpointElsewhere,
  notBuilding,
  type ProjectionBuild,
  type ProjectionStore,
} from '../streams/index.ts'
import { Database, type PostgresOptions } from './database.ts'
import { sqlState, stateOf } from './errors.ts'
import type { PostgresQuery } from './query.ts'
import type { PostgresSource } from './source.ts'
import { only, optionalText, type Row, rowsOf } from './sql.ts'
import type { PostgresTransaction } from './transaction.ts'

/** The checkpoints of projections in PostgreSQL, in the database of their read models. */
export function postgresProjections(
  source: PostgresSource,
  options: PostgresOptions = {},
): ProjectionStore<PostgresTransaction> {
  return new PostgresProjectionStore(new Database(source, options))
}

const columns = 'projection, build, state, position'

class PostgresProjectionStore implements ProjectionStore<PostgresTransaction> {
  readonly #database: Database
  readonly #table: string

  constructor(database: Database) {
    this.#database = database
    this.#table = `${database.schema}.checkpoint`
  }

  async checkpoints(projection?: string): Promise<readonly Checkpoint[]> {
    const rows = await this.#database.query(
      `SELECT ${columns} FROM ${this.#table} WHERE $1::text IS NULL OR projection = $1 ORDER BY projection, build`,
      [projection ?? null],
    )
    return rows.map(checkpointOf)
  }

  apply(
    { projection, build }: ProjectionBuild,
    from: string | undefined,
    to: string,
    run: (tx: PostgresQuery) => Promise<void>,
  ): Promise<void> {
    return this.#database.transaction(async (tx) => {
      const [row] = await rowsOf(
        tx,
        `SELECT ${columns} FROM ${this.#table} WHERE projection = $1 AND build = $2 FOR UPDATE`,
        [projection, build],
      )
      const stored = row && checkpointOf(row)
      if (stored === undefined || stored.position !== from)
        throw checkpointElsewhere({ projection, build }, stored)
      await run(tx)
      await tx.query(`UPDATE ${this.#table} SET position = $3 WHERE projection = $1 AND build = $2`, [
        projection,
        build,
        to,
      ])
    })
  }

  async begin(
    projection: string,
    state: Checkpoint['state'],
    create: (tx: PostgresQuery, build: ProjectionBuild) => Promise<void>,
  ): Promise<Checkpoint> {
    const find = `SELECT ${columns} FROM ${this.#table} WHERE projection = $1 AND state = $2`
    for (;;) {
      const [found] = await this.#database.query(find, [projection, state])
      if (found !== undefined) return checkpointOf(found)
      try {
        return await this.#database.transaction(async (tx) => {
          const begun = await rowsOf(
            tx,
            `INSERT INTO ${this.#table} (projection, build, state)
             SELECT $1, coalesce(max(build), 0) + 1, $2 FROM ${this.#table} WHERE projection = $1 RETURNING ${columns}`,
            [projection, state],
          )
          const checkpoint = checkpointOf(only(begun))
          await create(tx, checkpoint)
          return checkpoint
        })
      } catch (error) {
        // Another process has begun one right now.
        if (stateOf(error) !== sqlState.uniqueViolation) throw error
      }
    }
  }

  swap(
    { projection, build }: ProjectionBuild,
    run: (tx: PostgresQuery, before: ProjectionBuild | undefined) => Promise<void>,
  ): Promise<void> {
    return this.#database.transaction(async (tx) => {
      const rows = await rowsOf(
        tx,
        `SELECT ${columns} FROM ${this.#table} WHERE projection = $1 ORDER BY build FOR UPDATE`,
        [projection],
      )
      const builds = rows.map(checkpointOf)
      const stored = builds.find((each) => each.build === build)
      if (stored?.state !== 'building') throw notBuilding({ projection, build }, stored)
      await tx.query(`DELETE FROM ${this.#table} WHERE projection = $1 AND state = 'live'`, [projection])
      await tx.query(`UPDATE ${this.#table} SET state = 'live' WHERE projection = $1 AND build = $2`, [
        projection,
        build,
      ])
      await run(
        tx,
        builds.find(({ state }) => state === 'live'),
      )
    })
  }

  close(): Promise<void> {
    return this.#database.close()
  }
}

function checkpointOf(row: Row): Checkpoint {
  return {
    projection: String(row['projection']),
    build: Number(row['build']),
    state: row['state'] === 'live' ? 'live' : 'building',
    position: optionalText(row['position']),
  }
}
