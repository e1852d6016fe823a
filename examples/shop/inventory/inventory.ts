import type { Bus } from 'tidings'
import type { Group } from 'tidings/bus'
import type { Capabilities } from 'tidings/log'
import { orderCreated, type ShopEvent } from '../catalog/catalog.ts'
import { firstEvent } from '../first-event.ts'
import type { Stock } from './stock.ts'

/**
 * Counts the items sold of each product; the other events of an order do not concern it. Every product is a stream of its
 * own, so an order is counted product by product, each of them once for the delivery's key.
 */
export function inventory(bus: Bus<Capabilities, ShopEvent>, stock: Stock): Group<ShopEvent> {
  return bus
    .group('inventory', { start: firstEvent(bus), sessionTimeout: '3s', concurrency: 256 })
    .on(orderCreated, async ({ event, idempotencyKey }) => {
      const { orderId, items } = event.data
      const command = { causedBy: event, idempotencyKey, time: event.time }
      const byProduct = Map.groupBy(items, ({ productId }) => productId)
      await Promise.all(
        [...byProduct].map(([productId, { length: pieces }]) =>
          stock.sell(productId, { orderId, pieces }, command),
        ),
      )
    })
}
