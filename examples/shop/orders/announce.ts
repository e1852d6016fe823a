import type { DatabaseSync } from 'node:sqlite'
import type { Outbox } from 'tidings/bus'
import type { SqliteTransaction } from 'tidings/sqlite'
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
export function announceOn(outbox: Outbox<SqliteTransaction, ShopEvent>): Announce {
  return ({ kind, time }, { orderId, userId, state, currency, items, totalCents }, tx) => {
    const options = { time }
    switch (kind) {
      case 'create': {
        const data = { orderId, userId, state, currency, items: [...items], totalCents }
        return outbox.publish(tx, orderCreated, data, options)
      }
      case 'confirm':
        return outbox.publish(tx, orderConfirmed, { orderId, userId }, options)
      case 'ship':
        return outbox.publish(tx, orderShipped, { orderId, userId }, options)
      case 'deliver':
        return outbox.publish(tx, orderDelivered, { orderId, userId }, options)
      case 'cancel':
        return outbox.publish(tx, orderCanceled, { orderId, userId }, options)
    }
  }
}
