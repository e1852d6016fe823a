import { Pool } from 'pg'
import { migrate } from 'tidings/postgres'
import { schemaOf } from './place.ts'

/** The connections of one service, which find its tables without naming its schema. */
export interface ServicePool extends AsyncDisposable {
  readonly pool: Pool
  readonly schema: string
}

const connections = 12

/** @param settings of its sessions, beside the schema. */
export async function openPool(
  store: string,
  service: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<ServicePool> {
  const schema = schemaOf(store, service)
  const url = new URL(store)
  url.searchParams.delete('schema')
  const options = Object.entries({ search_path: schema, ...settings })
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ')
  const pool = new Pool({ connectionString: url.href, max: connections, options, application_name: schema })
  // A connection that is lost while nobody uses it: the next statement gets another one, or the error.
  pool.on('error', () => undefined)
  try {
    // The first to connect: what is wrong with the server is said in one sentence.
    await migrate(pool, { schema })
  } catch (error) {
    await pool.end()
    throw error
  }
  return { pool, schema, [Symbol.asyncDispose]: () => pool.end() }
}
