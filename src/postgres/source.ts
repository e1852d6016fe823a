import { limits, TidingsError } from '../kernel/index.ts'
import { checkSchemaName } from './schema-name.ts'
import type { PostgresClient, PostgresPool } from './query.ts'

/** The server: a URL, for which a pool is made, or a pool that the caller has, and closes. */
export type PostgresSource = string | PostgresPool

/** The pool, and how it ends if it is ours. */
export async function openSource(
  source: PostgresSource,
): Promise<{ readonly pool: PostgresPool; readonly end: () => Promise<void> }> {
  if (typeof source !== 'string') return { pool: source, end: async () => undefined }
  const { Pool } = await importPg()
  const pool = new Pool({
    connectionString: withoutSchema(source),
    max: limits.postgresConnections,
    connectionTimeoutMillis: limits.postgresConnectMs,
    application_name: 'tidings',
    keepAlive: true,
  })
  // A connection that is lost while nobody uses it: the next statement gets another one, or the error.
  pool.on('error', () => undefined)
  return { pool, end: () => pool.end() }
}

/** The schema's name: as an option, or in the URL. @throws `url_invalid`, `option_invalid` */
export function schemaOf(source: PostgresSource, option: string | undefined): string {
  const inUrl = typeof source === 'string' ? parsed(source).searchParams.get('schema') : null
  const name = option ?? inUrl ?? 'tidings'
  checkSchemaName(name)
  return name
}

function withoutSchema(url: string): string {
  const parts = parsed(url)
  parts.searchParams.delete('schema')
  return parts.href
}

function parsed(url: string): URL {
  if (!URL.canParse(url) || !/^postgres(ql)?:\/\//.test(url)) {
    throw new TidingsError(
      'url_invalid',
      'The URL of the database is not one of PostgreSQL. Write postgres://user:password@host:5432/database.',
    )
  }
  return new URL(url)
}

async function importPg(): Promise<Pick<typeof import('pg'), 'Pool'>> {
  try {
    return await import('pg')
  } catch (cause) {
    throw new TidingsError(
      'engine_unreachable',
      'The package pg is not installed, which connects to PostgreSQL. Run `npm install pg`.',
      { cause },
    )
  }
}

const attended = new WeakSet<PostgresClient>()

/**
 * A connection of the pool, to be released. One that is lost while nobody waits for a statement says so by an event that
 * would end the process: the next statement gets the error anyway.
 */
export async function connectionOf(pool: PostgresPool): Promise<PostgresClient> {
  const client = await pool.connect()
  if (!attended.has(client)) client.on('error', () => undefined)
  attended.add(client)
  return client
}
