import { defineCatalog, defineEvent, defineTopic } from 'tidings'
import type { EventDefinition } from 'tidings/catalog'
import { OrderCreatedV1, OrderCreatedV2 } from './catalog/schemas.ts'
import { type Log, type LogPlace, openLog } from './log.ts'
import type { Announce } from './orders/announce.ts'
import type { CreateOrder } from './orders/command.ts'
import { type Reason, refusalOf } from './orders/decide.ts'
import { OrdersService } from './orders/orders-service.ts'

/** The catalog of the first year, which the checkout at the market was built with. */
const marketCreated = defineEvent('com.example.orders.created')
  .version(1, OrderCreatedV1)
  .subject(({ orderId }) => `orders/${orderId}`)

/** A later one, which the telephone sales were built with: it knows currencies, and no accounts yet. */
const telephoneCreated = defineEvent('com.example.orders.created')
  .version(1, OrderCreatedV1)
  .version(2, OrderCreatedV2, (v1) => ({ ...v1, currency: 'BRL' }))
  .subject(({ orderId }) => `orders/${orderId}`)

/** An older build of the orders service on the same file. It decides by the same rules, and announces in its own version. */
export interface LegacyCheckout {
  /** Fulfils with the reason when the order is refused, and with undefined when it was sold. Asked again, it answers alike. */
  sell(order: CreateOrder): Promise<Reason | undefined>
  close(): Promise<void>
}

/** Publishes version 1. */
export async function openMarket(place: LogPlace): Promise<LegacyCheckout> {
  const log = await openLegacyLog(place, '/market', marketCreated)
  return checkout(log, ({ time }, { orderId, items, totalCents, state }, tx) =>
    log.outbox.publish(tx, marketCreated, { orderId, items: [...items], totalCents, state }, { time }),
  )
}

/** Publishes version 2. */
export async function openTelephone(place: LogPlace): Promise<LegacyCheckout> {
  const log = await openLegacyLog(place, '/telephone', telephoneCreated)
  return checkout(log, ({ time }, { orderId, items, totalCents, state, currency }, tx) =>
    log.outbox.publish(
      tx,
      telephoneCreated,
      { orderId, items: [...items], totalCents, state, currency },
      { time },
    ),
  )
}

function openLegacyLog<Definition extends EventDefinition>(
  place: LogPlace,
  source: string,
  created: Definition,
) {
  const orders = defineTopic('orders', { partitions: 8, retention: { age: '30d' }, events: [created] })
  return openLog(place, { source, catalog: defineCatalog([orders]), drainOn: false })
}

/** The order and its event commit together, as in the newest build: a crash leaves both or neither. */
function checkout(log: Log<'com.example.orders.created'>, announce: Announce): LegacyCheckout {
  const orders = new OrdersService(log.rows, announce)
  return {
    sell: async (order) => refusalOf(await orders.request(order)),
    close: async () => log[Symbol.asyncDispose](),
  }
}
