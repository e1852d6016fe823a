import pg from 'pg'
import type { InboxStore } from '../../../src/inbox/index.ts'
import {
  type PostgresTransact,
  type PostgresTransaction,
  postgresInbox,
  postgresOutbox,
} from '../../../src/postgres/index.ts'
import type { Effect } from '../checker.ts'
import type { EffectTransact } from '../effects.ts'
import { nowUs } from '../history.ts'
import type { Kept, Order } from './kept.ts'

const tables = `
CREATE TABLE IF NOT EXISTS customer_order (place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text, number bigint);
CREATE TABLE IF NOT EXISTS effect (place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "group" text, key text, number bigint,
  partition integer, generation bigint, at_us bigint)`

/** In one schema of a PostgreSQL database. */
export async function keptInPostgres(url: string, schema: string): Promise<Kept<PostgresTransaction>> {
  const pool = new pg.Pool({ connectionString: url, options: `-c search_path=${schema}` })
  pool.on('error', () => undefined)
  await pool.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
  await pool.query(tables)
  const outbox = postgresOutbox(pool, { schema: `${schema}_tidings` })
  const inbox = postgresInbox(pool, { schema: `${schema}_tidings` })
  // Its tables are made with the first statement that is not in a transaction of the caller.
  await outbox.figures()
  return {
    outbox,
    inbox: effectInbox(inbox),
    async order({ key, number }, end, write) {
      const client = await pool.connect()
      try {
        await client.query('BEGIN TRANSACTION')
        await client.query('INSERT INTO customer_order (key, number) VALUES ($1, $2)', [key, number])
        await write(client)
        await client.query(end === 'commit' ? 'COMMIT TRANSACTION' : 'ROLLBACK TRANSACTION')
      } finally {
        client.release()
      }
    },
    async orders() {
      const { rows } = await pool.query<Order>(
        'SELECT key, number::float8 AS number FROM customer_order ORDER BY place',
      )
      return rows
    },
    async effects() {
      const { rows } = await pool.query<Effect>(
        `SELECT "group", key, number::float8 AS number, partition, generation::float8 AS generation, at_us::float8 AS "atUs"
         FROM effect ORDER BY place`,
      )
      return rows
    },
    async close() {
      await outbox.close()
      await inbox.close()
      await pool.end()
    },
  }
}

/** Removes what a run has kept. */
export async function forgetPostgres(url: string, schema: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
  await client.query(`DROP SCHEMA IF EXISTS ${schema}_tidings CASCADE`)
  await client.end()
}

function effectInbox(inbox: InboxStore<PostgresTransact>): InboxStore<EffectTransact> {
  return {
    handled: (group, runNumber, keys) => inbox.handled(group, runNumber, keys),
    transaction: (claim) => (place, inside) =>
      inbox.transaction(claim)(async (tx) => {
        const { group, key, number, partition } = place
        await tx.query(
          'INSERT INTO effect ("group", key, number, partition, generation, at_us) VALUES ($1, $2, $3, $4, $5, $6)',
          [group, key, number, partition, claim.fence.generation, nowUs()],
        )
        inside()
      }),
    record: (claim) => inbox.record(claim),
    prune: (group, before) => inbox.prune(group, before),
    close: () => inbox.close(),
  }
}
