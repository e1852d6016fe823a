import type { DatabaseSync } from 'node:sqlite'
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
