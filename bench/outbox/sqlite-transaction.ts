import type { DatabaseSync } from 'node:sqlite'
import { openBus } from 'tidings'
import { memory } from 'tidings/memory'
import { sqliteOutbox } from 'tidings/sqlite'
import { openService, rawInsert } from '../raw/outbox-sqlite.ts'
import { catalog, order, orderPlaced } from '../sqlite/shop.ts'
import type { Costs, TransactionOptions } from './costs.ts'
import { compared } from './costs.ts'

/**
 * A transaction with a business row and an event, in turns with one that inserts the same bytes into the same table by a
 * prepared statement. Nobody relays, so that both tables grow alike.
 */
export async function sqliteTransaction(options: TransactionOptions): Promise<Costs> {
  const database = openService(options.file)
  const store = sqliteOutbox(database)
  await using bus = await openBus({ transport: memory(), source: '/bench', catalog, drainOn: false })
  const outbox = bus.outbox(store, { relay: false })
  const begin = database.prepare('BEGIN IMMEDIATE')
  const commit = database.prepare('COMMIT')
  const row = database.prepare('INSERT INTO customer_order (id, total_cents) VALUES (?, ?)')
  const bare = rawInsert(database)
  let number = 0
  const transaction = (write: (database: DatabaseSync, number: number) => void, rows: number): void => {
    begin.run()
    for (let count = 0; count < rows; count++) {
      const { totalCents } = order(number)
      row.run(number, totalCents)
      write(database, number)
      number += 1
    }
    commit.run()
  }
  const costs = await compared(options, {
    product: async (rows) => transaction((tx, each) => outbox.publish(tx, orderPlaced, order(each)), rows),
    yardstick: async (rows) => transaction((_, each) => bare(order(each)), rows),
  })
  await store.close()
  database.close()
  return costs
}
