import { connectRegistry, defineCatalog, defineEvent, defineTopic, isTidingsError, openBus } from 'tidings'
import { sqlite } from 'tidings/sqlite'
import { z } from 'zod'

const registry = await connectRegistry('sqlite:registry.db')
const source = '/orders-service'

// --- version 1
const OrderCreatedV1 = z.object({ orderId: z.string(), total: z.number() })

const first = defineEvent('com.example.orders.created')
  .version(1, OrderCreatedV1)
  .subject((data) => `orders/${data.orderId}`)

// --- the first release
{
  const catalog = defineCatalog([defineTopic('orders', { events: [first] })])
  const transport = await sqlite('shop.db')
  await using bus = await openBus({ transport, source, catalog, registry, schemas: 'register' })
  await bus.publish(first, { orderId: 'o-1', total: 42 })
}

// --- version 2
const OrderCreatedV2 = z.object({ ...OrderCreatedV1.shape, currency: z.string().optional() })

const second = defineEvent('com.example.orders.created')
  .version(1, OrderCreatedV1)
  .version(2, OrderCreatedV2)
  .subject((data) => `orders/${data.orderId}`)

// --- the second release
{
  const catalog = defineCatalog([defineTopic('orders', { events: [second] })])
  const transport = await sqlite('shop.db')
  await using bus = await openBus({ transport, source, catalog, registry, schemas: 'register' })
  await bus.publish(second, { orderId: 'o-2', total: 7, currency: 'EUR' })
}

// --- version 3, refused
const OrderCreatedV3 = z.object({ ...OrderCreatedV2.shape, userId: z.string() })

const refused = defineEvent('com.example.orders.created')
  .version(1, OrderCreatedV1)
  .version(2, OrderCreatedV2)
  // @ts-expect-error the compiler says so first: an upcaster is missing
  .version(3, OrderCreatedV3)

try {
  refused.compile()
} catch (error) {
  if (isTidingsError(error, 'schema_incompatible')) console.log(error.details.reasons.join('\n'))
}

// --- version 3
async function ownerOf(orderId: string): Promise<string> {
  return `owner of ${orderId}`
}

const orderCreated = defineEvent('com.example.orders.created')
  .version(1, OrderCreatedV1)
  .version(2, OrderCreatedV2)
  .version(3, OrderCreatedV3, async (v2) => ({ ...v2, userId: await ownerOf(v2.orderId) }))
  .subject((data) => `orders/${data.orderId}`)

// --- handlers
{
  const catalog = defineCatalog([defineTopic('orders', { partitions: 8, events: [orderCreated] })])
  const transport = await sqlite('shop.db')
  await using bus = await openBus({ transport, source, catalog, registry, schemas: 'register' })
  await bus.publish(orderCreated, { orderId: 'o-3', total: 5, currency: 'EUR', userId: 'ann' })

  const seen: string[] = []
  const billing = bus.group('billing', { start: 'start' }).on(orderCreated, ({ event: { data } }) => {
    seen.push(`${data.orderId}: ${data.total} ${data.currency ?? 'USD'} to ${data.userId}`)
  })
  const audit = bus.group('audit', { start: 'start' }).on(orderCreated.versions, ({ version, event }) => {
    const owner = version === 3 ? event.data.userId : 'nobody yet'
    seen.push(`${event.data.orderId} was written in version ${version} and belongs to ${owner}`)
  })
  await billing.caughtUp()
  await audit.caughtUp()
  console.log(seen.toSorted().join('\n'))
}

// --- the registry
for (const number of await registry.versions('com.example.orders.created')) {
  const registered = await registry.version('com.example.orders.created', number)
  const { major, version } = registered?.metadata?.properties ?? {}
  console.log(`version ${version} has schema id ${registered?.id}, group ${major}`)
}
await registry.close()
