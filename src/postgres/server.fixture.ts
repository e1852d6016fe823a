import pg from 'pg'
import { describe } from 'vitest'

/** The server that tests run against, as `npm run test:engines` starts it; undefined where there is none. */
export const serverUrl: string | undefined = process.env['TIDINGS_POSTGRES_URL']

/** Tests of the server, or one line that says why there are none. */
export function describeOnServer(name: string, tests: () => void): void {
  if (serverUrl === undefined)
    describe.skip(`${name} (there is no PostgreSQL here: npm run test:engines starts one)`, tests)
  else describe(name, tests)
}

let schemas = 0

/** A schema of a test's own, gone with it, and a pool. */
export interface OwnSchema extends AsyncDisposable {
  readonly pool: pg.Pool
  readonly schema: string
  readonly url: string
}

export function ownSchema(): OwnSchema {
  const pool = new pg.Pool({ connectionString: serverUrl })
  pool.on('error', () => undefined)
  const schema = `test_${process.pid}_${Date.now().toString(36)}_${schemas++}`
  return {
    pool,
    schema,
    url: `${serverUrl}?schema=${schema}`,
    async [Symbol.asyncDispose]() {
      await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
      await pool.end()
    },
  }
}

/** Disposes of one after the other. */
export function disposing(...closes: readonly (() => PromiseLike<unknown>)[]): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      for (const close of closes) await close()
    },
  }
}
