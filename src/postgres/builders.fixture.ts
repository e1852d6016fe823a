import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import knex from 'knex'
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import type pg from 'pg'
import type { PostgresQuery } from './query.ts'
import { drizzleTransaction, knexTransaction, kyselyTransaction, prismaTransaction } from './transactions.ts'

/** Runs a transaction of the caller: commits when the function fulfils, rolls back when it rejects. */
export type RunTransaction = (run: (tx: PostgresQuery) => Promise<void>) => Promise<void>

/** Transactions as users open them, each with its own library, on one pool. */
export function transactionsOf(pool: pg.Pool, url: string): Readonly<Record<string, RunTransaction>> {
  return {
    pg: (run) => withClient(pool, run),
    Drizzle: async (run) => drizzle(pool).transaction((tx) => run(drizzleTransaction(tx, sql))),
    Kysely: async (run) =>
      new Kysely<Record<string, { readonly id: string }>>({ dialect: new PostgresDialect({ pool }) })
        .transaction()
        .execute((tx) => run(kyselyTransaction(tx, CompiledQuery))),
    async Knex(run) {
      const database = knex({ client: 'pg', connection: url })
      try {
        await database.transaction((tx) => run(knexTransaction(tx)))
      } finally {
        await database.destroy()
      }
    },
    // Prisma installs programs that it loads from elsewhere: this has the one method of its transactions that is used.
    'what Prisma gives': (run) =>
      withClient(pool, (client) =>
        run(
          prismaTransaction({
            $queryRawUnsafe: async (text, ...values) => (await client.query(text, values)).rows,
          }),
        ),
      ),
  }
}

export async function withClient<Result>(
  pool: pg.Pool,
  run: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const result = await run(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}
