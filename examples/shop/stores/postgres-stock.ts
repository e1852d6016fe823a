import type { Pool } from 'pg'
import { postgresProjections, postgresStreams } from 'tidings/postgres'
import { soldInPostgres } from '../inventory/sold.ts'
import { openStock, type Stock } from '../inventory/stock.ts'

/** The stock in PostgreSQL. */
export function postgresStock(pool: Pool, schema: string): Stock {
  const projections = postgresProjections(pool, { schema })
  return openStock({
    streams: postgresStreams(pool, { schema }),
    projections,
    sold: soldInPostgres,
    async totalIn(table) {
      const { rows } = await pool.query<{ pieces: string }>(
        `SELECT coalesce(sum(pieces), 0) AS pieces FROM ${table}`,
      )
      return Number(rows[0]?.pieces)
    },
    close: () => projections.close(),
  })
}
