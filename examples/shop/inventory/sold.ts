import type { DatabaseSync } from 'node:sqlite'
import type { PostgresQuery } from 'tidings/postgres'
import { defineProjection } from 'tidings/streams'
import { productStream } from './product.ts'

/** The read model of the inventory: the pieces sold of every product. */
export const sold = defineProjection('sold', {
  streams: [productStream],
  create: (tx: DatabaseSync, table) =>
    tx.exec(
      `CREATE TABLE ${table} (product_id TEXT PRIMARY KEY, pieces INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
    ),
  apply: (tx: DatabaseSync, { event, stream }, table) =>
    void tx
      .prepare(`INSERT INTO ${table} VALUES (?1, ?2) ON CONFLICT DO UPDATE SET pieces = pieces + ?2`)
      .run(stream.id, event.data.pieces),
  drop: (tx: DatabaseSync, table) => tx.exec(`DROP TABLE ${table}`),
})

/** The same in PostgreSQL, where every statement waits for the server: one for many sales. */
export const soldInPostgres = defineProjection('sold', {
  streams: [productStream],
  create: async (tx: PostgresQuery, table) =>
    void (await tx.query(`CREATE TABLE ${table} (product_id text PRIMARY KEY, pieces bigint NOT NULL)`)),
  async applyAll(tx: PostgresQuery, sales, table) {
    await tx.query(
      `INSERT INTO ${table} AS t
       SELECT product_id, sum(pieces) FROM unnest($1::text[], $2::bigint[]) s (product_id, pieces) GROUP BY product_id
       ON CONFLICT (product_id) DO UPDATE SET pieces = t.pieces + excluded.pieces`,
      [sales.map(({ stream }) => stream.id), sales.map(({ event }) => event.data.pieces)],
    )
  },
  drop: async (tx: PostgresQuery, table) => void (await tx.query(`DROP TABLE ${table}`)),
})
