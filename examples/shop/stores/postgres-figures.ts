import type { Pool } from 'pg'
import { postgresInbox } from 'tidings/postgres'
import type { Change, Figures } from '../analytics/figures.ts'
import { writingInbox } from './writing-inbox.ts'

/**
 * The figures in PostgreSQL. A row for each change, summed when somebody asks: of a sum in one row all the transactions that
 * run side by side would wait for each other.
 */
export async function postgresFigures(pool: Pool, schema: string): Promise<Figures> {
  await pool.query(
    'CREATE TABLE IF NOT EXISTS change (status text NOT NULL, state text, month text, cents bigint)',
  )
  const inbox = postgresInbox(pool, { schema })
  return {
    inbox: writingInbox(inbox, (transact, changes: readonly Change[]) =>
      transact(async (tx) => {
        await tx.query(
          'INSERT INTO change SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])',
          [
            changes.map(({ status }) => status),
            changes.map(({ revenue }) => revenue?.state ?? null),
            changes.map(({ revenue }) => revenue?.month ?? null),
            changes.map(({ revenue }) => revenue?.cents ?? null),
          ],
        )
      }),
    ),
    async revenue() {
      const { rows } = await pool.query<{ state: string; month: string; cents: string }>(
        `SELECT state, month, sum(cents) AS cents FROM change
         WHERE cents IS NOT NULL GROUP BY state, month ORDER BY state, month`,
      )
      return rows.map(({ state, month, cents }) => ({ state, month, cents: Number(cents) }))
    },
    async revenueCents() {
      const { rows } = await pool.query<{ cents: string }>(
        'SELECT coalesce(sum(cents), 0) AS cents FROM change',
      )
      return Number(rows[0]?.cents)
    },
    async statuses() {
      const { rows } = await pool.query<{ status: string; orders: string }>(
        'SELECT status, count(*) AS orders FROM change GROUP BY status ORDER BY status',
      )
      return Object.fromEntries(rows.map(({ status, orders }) => [status, Number(orders)]))
    },
    close: () => inbox.close(),
  }
}
