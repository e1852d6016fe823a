// oxlint-disable typescript/await-thenable -- what does not compile has no type to await
import { defineCatalog, defineEvent, defineTopic, openBus, type Publisher } from 'tidings'
import type { OutboxStore } from 'tidings/outbox'
import { memory, memoryOutbox, memoryTransaction } from 'tidings/memory'
import { sqlite, sqliteInbox, sqliteOutbox } from 'tidings/sqlite'

const schema = { type: 'object', properties: { orderId: { type: 'string' } }, required: ['orderId'] } as const
const created = defineEvent('created').version(1, schema)
const paid = defineEvent('paid').version(1, schema)
const elsewhere = defineEvent('elsewhere').version(1, schema)
const catalog = defineCatalog([defineTopic('orders', { events: [created, paid] })])
const smallCatalog = defineCatalog([defineTopic('orders', { events: [created] })])

const engine = await sqlite(':memory:')
export const bus = await openBus({ transport: engine, source: '/a', catalog })
const inMemory = await openBus({ transport: memory(), source: '/a', catalog: smallCatalog })

// What is published must be in the catalog and fit its schema.
await bus.publish(created, { orderId: 'o-1' })
// @ts-expect-error -- a number is not a string
await bus.publish(created, { orderId: 1 })
// @ts-expect-error -- the type is on no topic of the catalog
await bus.publish(elsewhere, { orderId: 'o-1' })
await bus.publishAll([created.create({ orderId: 'o-1' }), paid.create({ orderId: 'o-1' })])
// @ts-expect-error -- nor in a batch
await bus.publishAll([elsewhere.create({ orderId: 'o-1' })])

// A publisher of more can stand for one of less, never the other way round; a plain Bus takes any.
export const publisher: Publisher<'created'> = bus
// @ts-expect-error -- `paid` is not in the small catalog
export const wrong: Publisher<'created' | 'paid'> = inMemory
export const plain: Publisher = bus

// With a transaction, publishing is over when the call returns; only where the engine has such a thing.
export const nothing: void = bus.publish(created, { orderId: 'o-1' }, { tx: engine.database })
// @ts-expect-error -- the memory engine takes no transaction
inMemory.publish(created, { orderId: 'o-1' }, { tx: engine.database })

// An outbox takes the transactions of its store, and what is written is done or awaited as that says.
const outbox = bus.outbox(sqliteOutbox(':memory:'))
export const written: void = outbox.publish(engine.database, created, { orderId: 'o-1' })
outbox.add(engine.database, [paid.create({ orderId: 'o-1' })], { notBefore: new Date() })
// @ts-expect-error -- not a transaction of SQLite
outbox.publish({}, created, { orderId: 'o-1' })
// @ts-expect-error -- a number is not a string
outbox.publish(engine.database, created, { orderId: 1 })
// @ts-expect-error -- the type is on no topic of the catalog
outbox.publish(engine.database, elsewhere, { orderId: 'o-1' })
// @ts-expect-error -- nor in a batch
outbox.add(engine.database, [elsewhere.create({ orderId: 'o-1' })])
memoryTransaction((tx) => inMemory.outbox(memoryOutbox()).publish(tx, created, { orderId: 'o-1' }))
declare const awaited: OutboxStore<{
  readonly tx: { query(text: string): unknown }
  readonly written: Promise<void>
}>
export const promised: Promise<void> = bus
  .outbox(awaited)
  .publish({ query: () => 1 }, created, { orderId: 'o-1' })

// Without a store it writes into the log itself, where the engine takes the caller's transaction.
bus.outbox().publish(engine.database, created, { orderId: 'o-1' })
// @ts-expect-error -- the memory engine takes no transaction: give a store
inMemory.outbox()

// `transact` is there with an inbox only, and on SQLite takes no async function.
bus.group('a').on(created, ({ event }) => event.data.orderId.length)
// @ts-expect-error -- no inbox, no transact
bus.group('a').on(created, ({ transact }) => transact)
const group = bus.group('a', { inbox: sqliteInbox(':memory:') })
group.on(created, async ({ transact, event }) => {
  const count: number = await transact((tx) => {
    tx.prepare('INSERT INTO seen VALUES (?)').run(event.data.orderId)
    return 1
  })
  // @ts-expect-error -- a transaction of SQLite is synchronous
  await transact(async (tx) => tx.exec(''))
  return count
})
// @ts-expect-error -- no such event on the bus
group.on(elsewhere, () => undefined)

// A batch has one transaction, and each of its events can fail by itself.
group.onBatch(created, { max: 100, waitMs: 20 }, async (deliveries, { transact, signal }) => {
  signal.throwIfAborted()
  const lengths: number[] = deliveries.map(({ event }) => event.data.orderId.length)
  deliveries[0]?.fail(new Error('no'))
  await transact((tx) => tx.exec(`-- ${lengths.length}`))
  // @ts-expect-error -- the transaction is the batch's, not a delivery's
  deliveries.map((delivery) => delivery.transact)
})
// @ts-expect-error -- no inbox, no transact
bus.group('a').onBatch(created, {}, (_deliveries, { transact }) => transact)
// @ts-expect-error -- no such event on the bus
group.onBatch(elsewhere, {}, () => undefined)
// @ts-expect-error -- a single delivery is failed by throwing
bus.group('a').on(created, (delivery) => delivery.fail(new Error('no')))
