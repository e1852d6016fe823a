import type pg from 'pg'
import type { PostgresQuery } from './query.ts'
import type { OwnSchema } from './server.fixture.ts'

/** A table of the caller's own, written through the transactions of a store. */
export interface WrittenRows {
  readonly write: (tx: unknown, row: string) => Promise<void>
  readonly rows: () => Promise<readonly string[]>
}

export async function createWritten({ pool, schema }: OwnSchema): Promise<WrittenRows> {
  await pool.query(`CREATE TABLE ${schema}.written (place serial, text text)`)
  return {
    async write(tx, row) {
      await (tx as PostgresQuery).query(`INSERT INTO ${schema}.written (text) VALUES ($1)`, [row])
    },
    async rows() {
      const found: pg.QueryResult<{ text: string }> = await pool.query(
        `SELECT text FROM ${schema}.written ORDER BY place`,
      )
      return found.rows.map(({ text }) => text)
    },
  }
}
