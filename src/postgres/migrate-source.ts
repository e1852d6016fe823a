import { checkOptionNames } from '../kernel/index.ts'
import { postgresError } from './errors.ts'
import { type Migration, migrateTables, pendingTables, scriptOf } from './migrate.ts'
import { openSource, type PostgresSource, schemaOf } from './source.ts'

export interface MigrateOptions {
  /** Default `tidings`, or `?schema=` of the URL. */
  readonly schema?: string | undefined
  /** True to run nothing: it gives what would be run. Default false. */
  readonly dryRun?: boolean | undefined
}

const optionNames = { schema: true, dryRun: true } as const satisfies Record<keyof MigrateOptions, true>

/** What was run, or would be. */
export interface Migrated {
  readonly schema: string
  readonly migrations: readonly Migration[]
  /** As it is run inside a transaction; empty where there is nothing to run. */
  readonly sql: string
}

/**
 * Brings the tables of a schema to this build's format, in one transaction, as a user who may create them. Safe when several
 * processes do it at the same time: one does, the others wait.
 * @param source a URL, or a pool of `pg`, which stays open.
 * @throws `tables_version` for tables of a newer build, `access_denied` without the rights, `engine_unreachable`, `url_invalid`.
 */
export async function migrate(source: PostgresSource, options: MigrateOptions = {}): Promise<Migrated> {
  checkOptionNames('migrate()', options, optionNames)
  const { schema, dryRun = false } = options
  const name = schemaOf(source, schema)
  const { pool, end } = await openSource(source)
  try {
    const migrations = await (dryRun ? pendingTables(pool, name) : migrateTables(pool, name))
    return { schema: name, migrations, sql: scriptOf(name, migrations) }
  } catch (error) {
    throw postgresError(error)
  } finally {
    await end()
  }
}
