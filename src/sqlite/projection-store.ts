import { DatabaseSync, type StatementSync } from 'node:sqlite'
import {
  type Checkpoint,
  checkpointElsewhere,
  notBuilding,
  type ProjectionBuild,
  type ProjectionStore,
} from '../streams/index.ts'
import { checkDurable, checkHas, createTables, openDatabase } from './database.ts'
import { reading } from './errors.ts'
import { runSynchronously } from './inbox.ts'
import { rows } from './topic-table.ts'
import { type SqliteOptions, sqliteSettings } from './options.ts'
import type { SqliteTransaction } from './transaction.ts'
import { Writer } from './writer.ts'

type CheckpointRow = readonly [
  projection: string,
  build: number,
  state: Checkpoint['state'],
  position: string | null,
]

class SqliteProjectionStore implements ProjectionStore<SqliteTransaction> {
  readonly #writer: Writer
  readonly #closeOwn: () => void
  readonly #list: StatementSync
  readonly #insert: StatementSync
  readonly #move: StatementSync
  readonly #forget: StatementSync
  readonly #live: StatementSync

  constructor(writer: Writer, closeOwn: () => void) {
    const { database } = writer
    this.#writer = writer
    this.#closeOwn = closeOwn
    this.#list = rows(
      database,
      'SELECT projection, build, state, position FROM tidings_checkpoint WHERE ?1 IS NULL OR projection = ?1 ORDER BY projection, build',
    )
    this.#insert = database.prepare(
      'INSERT INTO tidings_checkpoint (projection, build, state) VALUES (?, ?, ?)',
    )
    this.#move = database.prepare(
      'UPDATE tidings_checkpoint SET position = ? WHERE projection = ? AND build = ?',
    )
    this.#forget = database.prepare("DELETE FROM tidings_checkpoint WHERE projection = ? AND state = 'live'")
    this.#live = database.prepare(
      "UPDATE tidings_checkpoint SET state = 'live' WHERE projection = ? AND build = ?",
    )
  }

  async checkpoints(projection?: string): Promise<readonly Checkpoint[]> {
    return reading(this.#writer, () => this.#builds(projection))
  }

  apply(
    build: ProjectionBuild,
    from: string | undefined,
    to: string,
    run: (tx: DatabaseSync) => void,
  ): Promise<void> {
    return this.#writer.write(() => {
      const stored = this.#find(build)
      if (stored === undefined || stored.position !== from) throw checkpointElsewhere(build, stored)
      runSynchronously('apply', run, this.#writer.database)
      this.#move.run(to, build.projection, build.build)
    })
  }

  begin(
    projection: string,
    state: Checkpoint['state'],
    create: (tx: DatabaseSync, build: ProjectionBuild) => void,
  ): Promise<Checkpoint> {
    return this.#writer.write(() => {
      const builds = this.#builds(projection)
      const found = builds.find((each) => each.state === state)
      if (found !== undefined) return found
      const build = (builds.at(-1)?.build ?? 0) + 1
      this.#insert.run(projection, build, state)
      runSynchronously('create', (tx) => create(tx, { projection, build }), this.#writer.database)
      return { projection, build, state, position: undefined }
    })
  }

  swap(
    build: ProjectionBuild,
    run: (tx: DatabaseSync, before: ProjectionBuild | undefined) => void,
  ): Promise<void> {
    return this.#writer.write(() => {
      const stored = this.#find(build)
      if (stored?.state !== 'building') throw notBuilding(build, stored)
      const before = this.#builds(build.projection).find(({ state }) => state === 'live')
      this.#forget.run(build.projection)
      this.#live.run(build.projection, build.build)
      runSynchronously('drop', (tx) => run(tx, before), this.#writer.database)
    })
  }

  restart(build: ProjectionBuild, run: (tx: DatabaseSync) => void): Promise<void> {
    return this.#writer.write(() => {
      const stored = this.#find(build)
      if (stored?.state !== 'building') throw notBuilding(build, stored)
      this.#move.run(null, build.projection, build.build)
      runSynchronously('create', run, this.#writer.database)
    })
  }

  async close(): Promise<void> {
    await this.#writer.settled()
    this.#closeOwn()
  }

  #find({ projection, build }: ProjectionBuild): Checkpoint | undefined {
    return this.#builds(projection).find((each) => each.build === build)
  }

  #builds(projection: string | undefined): Checkpoint[] {
    const found = this.#list.all(projection ?? null) as unknown as CheckpointRow[]
    return found.map(([name, build, state, position]) => ({
      projection: name,
      build,
      state,
      position: position ?? undefined,
    }))
  }
}

/**
 * The checkpoints of projections in a SQLite file, beside their read models. Made at start: while another process holds
 * the lock of the file it blocks, for up to `limits.busyMs`.
 * @param database the file, or an open connection to it; the same connection is the `tx` of projections.
 */
export function sqliteProjections(
  database: string | DatabaseSync,
  options: SqliteOptions = {},
): ProjectionStore<SqliteTransaction> {
  const { clock, random, create } = sqliteSettings('sqliteProjections()', options)
  const isOurs = !(database instanceof DatabaseSync)
  const file = isOurs ? database : (database.location() ?? ':memory:')
  if (!create) checkHas(file, 'projections')
  const connection = isOurs ? openDatabase(database) : database
  const closeOwn = (): void => {
    if (isOurs && connection.isOpen) connection.close()
  }
  try {
    checkDurable(connection, file)
    createTables(connection, file, ['projections'])
  } catch (error) {
    closeOwn()
    throw error
  }
  return new SqliteProjectionStore(new Writer(connection, file, clock, random), closeOwn)
}
