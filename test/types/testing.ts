import { defineCatalog, defineEvent, defineTopic, type Publisher } from 'tidings'
import { given, harness } from 'tidings/testing'

const schema = { type: 'object', properties: { orderId: { type: 'string' } }, required: ['orderId'] } as const
const created = defineEvent('created').version(1, schema)
const elsewhere = defineEvent('elsewhere').version(1, schema)
const catalog = defineCatalog([defineTopic('orders', { events: [created] })])

const shop = await harness({
  catalog,
  groups: (bus) => [
    bus.group('billing').on(created, ({ event }) => event.data.orderId.length),
    // @ts-expect-error -- a handler of an event that is not in the catalog
    bus.group('audit').on(elsewhere, () => undefined),
  ],
})

// A harness publishes as a bus does, typed by the catalog, and stands for one.
await shop.publish(created, { orderId: 'o-1' })
// @ts-expect-error -- a number is not a string
await shop.publish(created, { orderId: 1 })
// @ts-expect-error -- the type is on no topic of the catalog
await shop.publish(elsewhere, { orderId: 'o-1' })
export const publisher: Publisher<'created'> = shop

// What was published has the type of its definition.
export const orderIds: readonly string[] = (await shop.published(created)).map(({ data }) => data.orderId)
// @ts-expect-error -- nor can it be looked for
await shop.published(elsewhere)
// @ts-expect-error -- a length of time has a unit
await shop.advance('1 hour')

// A handler gets what its selector says; events and what it publishes are of the catalog.
await given(catalog, [created.create({ orderId: 'o-1' })]).when(created, async ({ event }, toPublish) => {
  await toPublish.publish(created, { orderId: event.data.orderId })
  // @ts-expect-error -- there is no such property
  void event.data.total
})
// @ts-expect-error -- the type is on no topic of the catalog
given(catalog, [elsewhere.create({ orderId: 'o-1' })])
// @ts-expect-error -- nor has it a handler
await given(catalog, []).when(elsewhere, () => undefined)
