import { defineCatalog, defineEvent, defineTopic } from 'tidings'
import type { EventDefinition } from 'tidings/catalog'
import { type Mapping, mapEvent } from 'tidings/streams'
import { OrderCreatedV1, OrderCreatedV2 } from './catalog/schemas.ts'
import type { CreateOrder } from './orders/command.ts'
import { type Reason, refusalOf } from './orders/decide.ts'
import { orderPlaced } from './orders/events.ts'
import { type Log, openLog } from './stores/log.ts'
import type { Place } from './stores/place.ts'

/** The catalog of the first year, which the checkout at the market was built with. */
const marketCreated = defineEvent('com.example.orders.created')
  .version(1, OrderCreatedV1)
  .subject(({ orderId }) => `orders/${orderId}`)

/** A later one, which the telephone sales were built with: it knows currencies, and no accounts yet. */
const telephoneCreated = defineEvent('com.example.orders.created')
  .version(1, OrderCreatedV1)
  .version(2, OrderCreatedV2, (v1) => ({ ...v1, currency: 'BRL' }))
  .subject(({ orderId }) => `orders/${orderId}`)

/** An older build of the orders service on the same data. It decides by the same rules, and announces in its own version. */
export interface LegacyCheckout {
  /** Fulfils with the reason when the order is refused, and with undefined when it was sold. Asked again, it answers alike. */
  sell(order: CreateOrder): Promise<Reason | undefined>
  close(): Promise<void>
}

/** Publishes version 1. */
export async function openMarket(place: Place): Promise<LegacyCheckout> {
  const log = await openLegacyLog(place, '/market', marketCreated)
  const tell = mapEvent(orderPlaced, ({ data: { items, totalCents, state } }, { id }) =>
    marketCreated.create({ orderId: id, items, totalCents, state }),
  )
  return checkout(log, '/market', tell)
}

/** Publishes version 2. */
export async function openTelephone(place: Place): Promise<LegacyCheckout> {
  const log = await openLegacyLog(place, '/telephone', telephoneCreated)
  const tell = mapEvent(orderPlaced, ({ data: { items, totalCents, state, currency } }, { id }) =>
    telephoneCreated.create({ orderId: id, items, totalCents, state, currency }),
  )
  return checkout(log, '/telephone', tell)
}

function openLegacyLog<Definition extends EventDefinition>(
  place: Place,
  source: string,
  created: Definition,
) {
  const orders = defineTopic('orders', { partitions: 8, retention: { age: '30d' }, events: [created] })
  return openLog(place, { source, catalog: defineCatalog([orders]), drainOn: false })
}

/** The order and its event commit together, as in the newest build: a crash leaves both or neither. */
function checkout(log: Log<LegacyType>, source: string, tell: Mapping<LegacyType>): LegacyCheckout {
  const orders = log.orders(source, [tell])
  return {
    sell: async (order) => refusalOf(await orders.request(order)),
    close: async () => log[Symbol.asyncDispose](),
  }
}

type LegacyType = 'com.example.orders.created'
