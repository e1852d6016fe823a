import type { Bus } from 'tidings'
import type { Group } from 'tidings/bus'
import type { Capabilities } from 'tidings/log'
import { type SqliteTransact, sqliteInbox } from 'tidings/sqlite'
import { orderCreated, type ShopEvent } from '../catalog/catalog.ts'
import type { Stock } from './stock.ts'

/** Counts the items sold of each product; the other events of an order do not concern it. */
export function inventory(bus: Bus<Capabilities, ShopEvent>, stock: Stock): Group<ShopEvent, SqliteTransact> {
  return bus
    .group('inventory', {
      start: 'start',
      sessionTimeout: '3s',
      concurrency: 256,
      inbox: sqliteInbox(stock.database),
    })
    .on(orderCreated, ({ event, transact }) =>
      transact(() => {
        for (const { productId } of event.data.items) stock.sell(productId)
      }),
    )
}
