import {
  type Checkpoint,
  checkpointElsewhere,
  notBuilding,
  type ProjectionBuild,
  type ProjectionStore,
} from '../streams/index.ts'
import { Database, type PostgresOptions } from './database.ts'
import type { PostgresQuery } from './query.ts'
import type { PostgresSource } from './source.ts'
import { only, optionalText, type Row, rowsOf } from './sql.ts'
import type { PostgresTransaction } from './transaction.ts'

/** The checkpoints of projections in PostgreSQL, in the database of their read models. */
export function postgresProjections(
  source: PostgresSource,
  options: PostgresOptions = {},
): ProjectionStore<PostgresTransaction> {
  return new PostgresProjectionStore(new Database(source, options, 'postgresProjections()'))
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
    const { schema } = this.#database
    const known = (await this.checkpoints(projection)).find((each) => each.state === state)
    if (known !== undefined) return known
    return this.#database.transaction(async (tx) => {
      // Whoever begins one at the same time waits here, and finds it then.
      const lock = `INSERT INTO ${schema}.projection AS p (name, last_build) VALUES ($1, 0)
        ON CONFLICT (name) DO UPDATE SET last_build = p.last_build RETURNING last_build`
      const build = Number(only(await rowsOf(tx, lock, [projection]))['last_build']) + 1
      const find = `SELECT ${columns} FROM ${this.#table} WHERE projection = $1 AND state = $2`
      const [found] = await rowsOf(tx, find, [projection, state])
      if (found !== undefined) return checkpointOf(found)
      await tx.query(`UPDATE ${schema}.projection SET last_build = $2 WHERE name = $1`, [projection, build])
      const insert = `INSERT INTO ${this.#table} (projection, build, state) VALUES ($1, $2, $3)`
      await tx.query(insert, [projection, build, state])
      await create(tx, { projection, build })
      return { projection, build, state, position: undefined }
    })
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
      const before = builds.find(({ state }) => state === 'live')
      await tx.query(`DELETE FROM ${this.#table} WHERE projection = $1 AND state = 'live'`, [projection])
      await tx.query(`UPDATE ${this.#table} SET state = 'live' WHERE projection = $1 AND build = $2`, [
        projection,
        build,
      ])
      await run(tx, before && { projection, build: before.build })
    })
  }

  restart({ projection, build }: ProjectionBuild, run: (tx: PostgresQuery) => Promise<void>): Promise<void> {
    return this.#database.transaction(async (tx) => {
      const [row] = await rowsOf(
        tx,
        `UPDATE ${this.#table} SET position = NULL WHERE projection = $1 AND build = $2 AND state = 'building' RETURNING 1`,
        [projection, build],
      )
      if (row === undefined) {
        const stored = await this.checkpoints(projection)
        throw notBuilding(
          { projection, build },
          stored.find((each) => each.build === build),
        )
      }
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
