import type { DatabaseSync } from 'node:sqlite'
import type { Bus } from 'tidings'
import type { SqliteCapabilities } from 'tidings/sqlite'
import {
  orderCanceled,
  orderConfirmed,
  orderCreated,
  orderDelivered,
  orderShipped,
  type ShopEvent,
} from '../catalog/catalog.ts'
import type { Command } from './command.ts'
import type { Order } from './order.ts'

/** Tells the others what an accepted command has done, in the transaction that does it. */
export type Announce = (command: Command, order: Order, tx: DatabaseSync) => void

/** In the newest version of every event. */
export function announceOn(bus: Bus<SqliteCapabilities, ShopEvent>): Announce {
  return ({ kind, time }, { orderId, userId, state, currency, items, totalCents }, tx) => {
    const options = { tx, time }
    switch (kind) {
      case 'create': {
        const data = { orderId, userId, state, currency, items: [...items], totalCents }
        return bus.publish(orderCreated, data, options)
      }
      case 'confirm':
        return bus.publish(orderConfirmed, { orderId, userId }, options)
      case 'ship':
        return bus.publish(orderShipped, { orderId, userId }, options)
      case 'deliver':
        return bus.publish(orderDelivered, { orderId, userId }, options)
      case 'cancel':
        return bus.publish(orderCanceled, { orderId, userId }, options)
    }
  }
}
