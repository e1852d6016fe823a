import { defineCatalog, defineEvent, defineTopic, type EventOf, type Publisher } from 'tidings'
import { Aggregate, defineStream } from 'tidings/streams'
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

// Of a decider, what is given and expected are events of its stream; of an aggregate as well.
const orderStream = defineStream('order', { events: [created] })
const order = orderStream.decider<number, { readonly type: 'create' }>({
  initialState: 0,
  decide: () => created.create({ orderId: 'o-1' }),
  evolve: (count) => count + 1,
})
class Order extends Aggregate<EventOf<typeof orderStream>> {
  confirm(orderId: string): void {
    this.raise(created.create({ orderId }))
  }
  protected when(): void {}
}
given(order, [])
  .when({ type: 'create' })
  .then([created.create({ orderId: 'o-1' })])
given(order, []).when({ type: 'create' }).then(RangeError)
given(order, [])
  .when({ type: 'create' })
  .then(({ state, events }) => void [state?.toFixed(), events[0]?.data.orderId])
given(orderStream, Order, [])
  .when((each) => each.confirm('o-1'))
  .then('no such order')
// @ts-expect-error -- no such command
given(order, []).when({ type: 'delete' })
// @ts-expect-error -- not an event of the stream
given(order, [elsewhere.create({ orderId: 'o-1' })])
given(order, [])
  .when({ type: 'create' })
  // @ts-expect-error -- nor is it to be expected
  .then([elsewhere.create({ orderId: 'o-1' })])
// @ts-expect-error -- an aggregate has no such method
given(orderStream, Order, []).when((each) => each.delete())
