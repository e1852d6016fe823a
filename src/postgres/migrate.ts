import { readdirSync, readFileSync } from 'node:fs'
import { TidingsError } from '../kernel/index.ts'
import { postgresError, sqlState, stateOf } from './errors.ts'
import type { PostgresPool, PostgresQuery } from './query.ts'
import { connectionOf } from './source.ts'
import { quoted, rowsOf } from './sql.ts'

/** A numbered file of SQL, run once for a schema, in the order of the numbers. */
export interface Migration {
  readonly number: number
  /** As `001-inbox.sql`. */
  readonly file: string
  readonly sql: string
}

const folder = new URL('./migrations/', import.meta.url)

/** All that this build knows. Names in them are without a schema: they are run with it in the search path. */
function migrations(): readonly Migration[] {
  return readdirSync(folder)
    .filter((file) => /^\d{3}-.*\.sql$/.test(file))
    .toSorted()
    .map((file) => ({
      number: Number(file.slice(0, 3)),
      file,
      sql: readFileSync(new URL(file, folder), 'utf8'),
    }))
}

/**
 * Brings the tables of a schema to this build's format, in one transaction. Safe when several processes do it at the same
 * time: one does, the others wait. Returns what was run.
 * @throws `tables_version` for tables of a newer build, `access_denied` without the rights of an owner.
 */
export async function migrateTables(pool: PostgresPool, schema: string): Promise<readonly Migration[]> {
  const client = await connectionOf(pool)
  let broken: Error | undefined
  try {
    await client.query('BEGIN')
    // Without rights to anything: a lock of ours, held until the transaction ends.
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`tidings migrate ${schema}`])
    const pending = await pendingTables(client, schema)
    if (pending.length > 0) await client.query(scriptOf(schema, pending))
    await client.query('COMMIT')
    return pending
  } catch (error) {
    await client.query('ROLLBACK').catch((lost: Error) => (broken = lost))
    throw postgresError(error)
  } finally {
    client.release(broken)
  }
}

/** What `migrateTables` would run. */
export async function pendingTables(pool: PostgresQuery, schema: string): Promise<readonly Migration[]> {
  const format = (await formatOf(pool, schema))?.number ?? 0
  checkNewest(schema, format)
  return migrations().filter(({ number }) => number > format)
}

/** The SQL that is run for these, inside a transaction: it may as well be run by hand. */
export function scriptOf(schema: string, pending: readonly Migration[]): string {
  const name = quoted(schema)
  const [first, last] = [pending[0], pending.at(-1)]
  if (first === undefined || last === undefined) return ''
  const begin = `CREATE SCHEMA IF NOT EXISTS ${name};
CREATE TABLE ${name}.format (number integer NOT NULL, identity uuid NOT NULL DEFAULT gen_random_uuid());
INSERT INTO ${name}.format (number) VALUES (0);
`
  const files = pending.map(({ file, sql }) => `-- ${file}\n${sql.trim()}\n`)
  // Functions keep this path, some with the rights of the owner: temporary tables of a caller come last, else first.
  return `${first.number === 1 ? begin : ''}SET LOCAL search_path TO ${name}, pg_temp;

${files.join('\n')}
UPDATE ${name}.format SET number = ${last.number};
`
}

/**
 * Looks whether the tables are of this build's format, and brings them there when `create` says so.
 * @returns what tells them from those of another database.
 */
export async function checkTables(pool: PostgresPool, schema: string, create: boolean): Promise<string> {
  const pending = await pendingTables(pool, schema)
  if (pending.length > 0) {
    if (!create) throw missing(schema, pending)
    await migrateTables(pool, schema).catch((error: unknown) => {
      throw stateOf(error) === sqlState.denied ? missing(schema, pending, error) : error
    })
  }
  return (await formatOf(pool, schema))?.identity ?? ''
}

async function formatOf(
  tx: PostgresQuery,
  schema: string,
): Promise<{ readonly number: number; readonly identity: string } | undefined> {
  const table = `${quoted(schema)}.format`
  const [found] = await rowsOf(tx, 'SELECT to_regclass($1) IS NOT NULL AS found', [table])
  if (found?.['found'] !== true) return undefined
  const [row] = await rowsOf(tx, `SELECT number, identity::text AS identity FROM ${table}`)
  return row && { number: Number(row['number']), identity: String(row['identity']) }
}

function checkNewest(schema: string, format: number): void {
  const newest = migrations().at(-1)?.number ?? 0
  if (format <= newest) return
  throw new TidingsError(
    'tables_version',
    `The tables in schema "${schema}" are of a newer Tidings (format ${format}, this one knows ${newest}). Upgrade this program.`,
  )
}

function missing(schema: string, pending: readonly Migration[], cause?: unknown): TidingsError {
  const files = pending.map(({ file }) => file).join(', ')
  return new TidingsError(
    'tables_missing',
    `The tables in schema "${schema}" are not there, or older than this program: ${files} to run. Run \`tidings migrate\` as a user who may create them.`,
    { cause },
  )
}
