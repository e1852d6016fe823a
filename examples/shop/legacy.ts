import { type Bus, defineCatalog, defineEvent, defineTopic, openBus } from 'tidings'
import type { EventDefinition } from 'tidings/catalog'
import { type SqliteCapabilities, type SqliteEngine, sqlite } from 'tidings/sqlite'
import { OrderCreatedV1, OrderCreatedV2 } from './catalog/schemas.ts'
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
export async function openMarket(file: string): Promise<LegacyCheckout> {
  const { engine, bus } = await openLegacyBus(file, '/market', marketCreated)
  return checkout(engine, bus, ({ time }, { orderId, items, totalCents, state }, tx) =>
    bus.publish(marketCreated, { orderId, items: [...items], totalCents, state }, { tx, time }),
  )
}

/** Publishes version 2. */
export async function openTelephone(file: string): Promise<LegacyCheckout> {
  const { engine, bus } = await openLegacyBus(file, '/telephone', telephoneCreated)
  return checkout(engine, bus, ({ time }, { orderId, items, totalCents, state, currency }, tx) =>
    bus.publish(telephoneCreated, { orderId, items: [...items], totalCents, state, currency }, { tx, time }),
  )
}

async function openLegacyBus<Definition extends EventDefinition>(
  file: string,
  source: string,
  created: Definition,
) {
  const orders = defineTopic('orders', { partitions: 8, retention: { age: '30d' }, events: [created] })
  const engine = await sqlite(file)
  const bus = await openBus({ transport: engine, source, catalog: defineCatalog([orders]), drainOn: false })
  return { engine, bus }
}

/** The order and its event commit together, as in the newest build: a crash leaves both or neither. */
function checkout(
  engine: SqliteEngine,
  bus: Pick<Bus<SqliteCapabilities>, 'close'>,
  announce: Announce,
): LegacyCheckout {
  const orders = new OrdersService(engine, announce)
  return {
    sell: async (order) => refusalOf(await orders.request(order)),
    close: () => bus.close(),
  }
}
