import { defineCatalog, defineEvent, defineTopic } from 'tidings'
import type { TypesOf } from 'tidings/catalog'
import { ownerOf } from './owner-of.ts'
import { OrderCreatedV1, OrderCreatedV2, OrderCreatedV3, OrderStep } from './schemas.ts'

export const defaultCurrency = 'BRL'

export const orderCreated = defineEvent('com.example.orders.created')
  .version(1, OrderCreatedV1)
  .version(2, OrderCreatedV2, (v1) => ({ ...v1, currency: defaultCurrency }))
  .version(3, OrderCreatedV3, async (v2) => ({ ...v2, userId: await ownerOf(v2.orderId) }))
  .subject(({ orderId }) => `orders/${orderId}`)

export const orderConfirmed = defineEvent('com.example.orders.confirmed')
  .version(1, OrderStep)
  .subject(({ orderId }) => `orders/${orderId}`)

export const orderShipped = defineEvent('com.example.orders.shipped')
  .version(1, OrderStep)
  .subject(({ orderId }) => `orders/${orderId}`)

export const orderDelivered = defineEvent('com.example.orders.delivered')
  .version(1, OrderStep)
  .subject(({ orderId }) => `orders/${orderId}`)

export const orderCanceled = defineEvent('com.example.orders.canceled')
  .version(1, OrderStep)
  .subject(({ orderId }) => `orders/${orderId}`)

/** The subject is the partition key, so the events of one order keep their order. */
export const orders = defineTopic('orders', {
  partitions: 8,
  retention: { age: '30d' },
  events: [orderCreated, orderConfirmed, orderShipped, orderDelivered, orderCanceled],
})

export const catalog = defineCatalog([orders])

export type ShopEvent = TypesOf<typeof catalog>
