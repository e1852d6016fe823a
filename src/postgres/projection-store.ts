import { TidingsError } from '../kernel/index.ts'
import type { Checkpoint, ProjectionBuild, ProjectionStore } from '../streams/index.ts'
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
      if (stored === undefined || stored.position !== from) throw elsewhere({ projection, build }, stored)
      await run(tx)
      await tx.query(`UPDATE ${this.#table} SET position = $3 WHERE projection = $1 AND build = $2`, [
        projection,
        build,
        to,
      ])
    })
  }

  async begin(projection: string, state: Checkpoint['state']): Promise<Checkpoint> {
    const find = `SELECT ${columns} FROM ${this.#table} WHERE projection = $1 AND state = $2`
    for (;;) {
      const [found] = await this.#database.query(find, [projection, state])
      if (found !== undefined) return checkpointOf(found)
      try {
        const begun = await this.#database.query(
          `INSERT INTO ${this.#table} (projection, build, state)
           SELECT $1, coalesce(max(build), 0) + 1, $2 FROM ${this.#table} WHERE projection = $1 RETURNING ${columns}`,
          [projection, state],
        )
        return checkpointOf(only(begun))
      } catch (error) {
        // Another process has begun one right now.
        if (stateOf(error) !== sqlState.uniqueViolation) throw error
      }
    }
  }

  swap({ projection, build }: ProjectionBuild, run: (tx: PostgresQuery) => Promise<void>): Promise<void> {
    return this.#database.transaction(async (tx) => {
      const rows = await rowsOf(
        tx,
        `SELECT ${columns} FROM ${this.#table} WHERE projection = $1 ORDER BY build FOR UPDATE`,
        [projection],
      )
      const stored = rows.map(checkpointOf).find((each) => each.build === build)
      if (stored?.state !== 'building') throw notBuilding({ projection, build }, stored)
      await tx.query(`DELETE FROM ${this.#table} WHERE projection = $1 AND state = 'live'`, [projection])
      await tx.query(`UPDATE ${this.#table} SET state = 'live' WHERE projection = $1 AND build = $2`, [
        projection,
        build,
      ])
      await run(tx)
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

function elsewhere({ projection, build }: ProjectionBuild, stored: Checkpoint | undefined): TidingsError {
  const where = stored === undefined ? 'is gone' : `is at ${stored.position ?? 'the start'} now`
  return new TidingsError(
    'fenced',
    `Build ${build} of projection "${projection}" ${where}: another process has applied these records, or replaced the build. Nothing of this is kept.`,
  )
}

function notBuilding({ projection, build }: ProjectionBuild, stored: Checkpoint | undefined): TidingsError {
  return new TidingsError(
    'fenced',
    `Build ${build} of projection "${projection}" ${stored === undefined ? 'is gone' : 'is live already'}. Nothing is changed.`,
  )
}
