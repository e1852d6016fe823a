import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { serverUrl } from '../../src/postgres/server.fixture.ts'

/** The shop's schemas under a name of a test's own, which are gone after it: the URL, and what counts the rows of a table. */
export function shopSchemas(): { readonly url: string; readonly count: (table: string) => Promise<number> } {
  const name = `shop_${randomUUID().slice(0, 8)}`
  const pool = new pg.Pool({ connectionString: serverUrl })
  onTestFinished(async () => {
    for (const service of ['', '_orders', '_mails', '_analytics', '_inventory'])
      await pool.query(`DROP SCHEMA IF EXISTS ${name}${service} CASCADE`)
    await pool.end()
  })
  const count = async (table: string): Promise<number> =>
    Number((await pool.query(`SELECT count(*) AS rows FROM ${name}_${table}`)).rows[0].rows)
  return { url: `${serverUrl}?schema=${name}`, count }
}
