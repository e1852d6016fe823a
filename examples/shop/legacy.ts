import { type Bus, connect, defineCatalog, defineEvent, defineTopic, openBus } from 'tidings'
import type { EventDefinition } from 'tidings/catalog'
import * as z from 'zod'
import { OrderCreatedV1, OrderCreatedV2 } from './catalog/schemas.ts'
import type { CreateOrder } from './orders/command.ts'
import { totalOf } from './orders/order.ts'

/** The catalog of the first year, which the checkout at the market was built with. */
const marketCreated = defineEvent('com.example.orders.created')
  .version(1, OrderCreatedV1)
  .subject(({ orderId }) => `orders/${orderId}`)

/** A later one, which the telephone sales were built with: it knows currencies, and no accounts yet. */
const telephoneCreated = defineEvent('com.example.orders.created')
  .version(1, OrderCreatedV1)
  .version(2, OrderCreatedV2, (v1) => ({ ...v1, currency: 'BRL' }))
  .subject(({ orderId }) => `orders/${orderId}`)

/** An older program. It accepts orders by itself, hands them to the orders service, and publishes them in its own version. */
export interface LegacyCheckout {
  /** Fulfils with the reason when the orders service refuses the order, and with undefined when it was sold. */
  sell(order: CreateOrder, ordersUrl: string): Promise<string | undefined>
  close(): Promise<void>
}

/** Publishes version 1. */
export async function openMarket(url: string): Promise<LegacyCheckout> {
  const bus = await openLegacyBus(url, '/market', marketCreated)
  return checkout(bus, ({ orderId, items, state, time }) => {
    const data = { orderId, items: [...items], totalCents: totalOf(items), state }
    return bus.publish(marketCreated, data, { time })
  })
}

/** Publishes version 2. */
export async function openTelephone(url: string): Promise<LegacyCheckout> {
  const bus = await openLegacyBus(url, '/telephone', telephoneCreated)
  return checkout(bus, ({ orderId, items, state, currency, time }) => {
    const data = { orderId, items: [...items], totalCents: totalOf(items), state, currency }
    return bus.publish(telephoneCreated, data, { time })
  })
}

async function openLegacyBus<Definition extends EventDefinition>(
  url: string,
  source: string,
  created: Definition,
) {
  const orders = defineTopic('orders', { partitions: 8, retention: { age: '30d' }, events: [created] })
  return openBus({ transport: await connect(url), source, catalog: defineCatalog([orders]), drainOn: false })
}

function checkout(bus: Pick<Bus, 'close'>, publish: (order: CreateOrder) => Promise<void>): LegacyCheckout {
  return {
    async sell(order, ordersUrl) {
      const refusal = await handOver(order, ordersUrl)
      if (refusal === undefined) await publish(order)
      return refusal
    },
    close: () => bus.close(),
  }
}

const Refusal = z.object({ error: z.string() })

/** The orders service must know the order before anybody hears of it: it will be asked whose it is. */
async function handOver(
  { orderId, userId, state, currency, items, time }: CreateOrder,
  ordersUrl: string,
): Promise<string | undefined> {
  const response = await fetch(new URL(`/orders/${encodeURIComponent(orderId)}`, ordersUrl), {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId, state, currency, items, time }),
    signal: AbortSignal.timeout(5_000),
  })
  return response.ok ? undefined : Refusal.parse(await response.json()).error
}
