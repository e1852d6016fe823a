import { defineCatalog, defineEvent, defineTopic, openBus } from 'tidings'
import { sqlite } from 'tidings/sqlite'
import { z } from 'zod'

const orderCreated = defineEvent('com.example.orders.created')
  .version(1, z.object({ orderId: z.string(), total: z.number() }))
  .version(2, z.object({ orderId: z.string(), total: z.number(), currency: z.string() }), (v1) => ({
    ...v1,
    currency: 'USD',
  }))
  .subject((data) => `orders/${data.orderId}`)
const catalog = defineCatalog([defineTopic('orders', { events: [orderCreated] })])

await using bus = await openBus({ transport: await sqlite('shop.db'), source: '/orders-service', catalog })

const billing = bus.group('billing', { start: 'start' }).on(orderCreated, async ({ event }) => {
  console.log(`invoice for ${event.data.orderId}: ${event.data.total} ${event.data.currency}`)
})
void billing.run()

await bus.publish(orderCreated, { orderId: 'o-1', total: 42, currency: 'EUR' })
await billing.caughtUp()
