/** Streams, deciders and aggregates as the compiler sees them. */
import * as z from 'zod'
import { defineEvent, type EventOf, type NewEvent } from '../../src/catalog/index.ts'
import { jsonSchema } from '../../src/schema/index.ts'
import type { Bus } from '../../src/bus/index.ts'
import type { MemoryCapabilities, MemoryTransaction } from '../../src/memory/index.ts'
import type { OutboxStore } from '../../src/outbox/index.ts'
import type { SqliteTransaction } from '../../src/sqlite/index.ts'
import {
  Aggregate,
  defineProjection,
  defineStream,
  mapEvent,
  mapEvents,
  type NewEventOf,
  openStreams,
  openTables,
  type Streams,
  type StreamStore,
} from '../../src/streams/index.ts'
import type { Equal, Expect } from './expect.ts'

const placed = defineEvent('order.placed')
  .version(1, z.object({ total: z.number() }))
  .version(2, z.object({ cents: z.number(), currency: z.enum(['EUR', 'USD']) }), ({ total }) => ({
    cents: total * 100,
    currency: 'EUR',
  }))
  .subject(({ currency }) => currency)
const paid = defineEvent('order.paid').version(1, z.object({ paymentId: z.string() }))
const orderStream = defineStream('order', { events: [placed, paid] })
type OrderEvent = EventOf<typeof orderStream>

export type WhatAStreamHolds = [
  Expect<Equal<OrderEvent['type'], 'order.placed' | 'order.paid'>>,
  Expect<Equal<(typeof orderStream)['name'], 'order'>>,
  Expect<
    Equal<
      NewEventOf<OrderEvent>,
      | NewEvent<'order.placed', { cents: number; currency: 'EUR' | 'USD' }>
      | NewEvent<'order.paid', { paymentId: string }>
    >
  >,
]

declare function ownerOf(orderId: string): Promise<string>
const asynchronous = defineEvent('order.owned')
  .version(1, jsonSchema<{ orderId: string }>({}))
  .version(2, jsonSchema<{ owner: string }>({}), async ({ orderId }) => ({ owner: await ownerOf(orderId) }))
const sometimes = defineEvent('order.owned')
  .version(1, jsonSchema<{ orderId: string }>({}))
  .version(2, jsonSchema<{ owner: string }>({}), ({ orderId }) =>
    orderId === '' ? { owner: 'nobody' } : Promise.resolve({ owner: orderId }),
  )
  .version(3, jsonSchema<{ by: string }>({}), ({ owner }) => ({ by: owner }))
// @ts-expect-error -- its upcaster is asynchronous
defineStream('order', { events: [placed, asynchronous] })
// @ts-expect-error -- one of its upcasters may be
defineStream('order', { events: [sometimes] })

interface State {
  readonly status: 'open' | 'paid' | 'none'
}
type Command = { readonly type: 'place'; readonly cents: number } | { readonly type: 'pay' }

declare const none: State

export const order = orderStream.decider({
  initialState: none,
  decide(command: Command, state) {
    if (command.type === 'place' && state.status === 'none')
      return placed.create({ cents: command.cents, currency: 'EUR' })
    return [paid.create({ paymentId: 'p' })]
  },
  evolve(state, event) {
    if (event.type === 'order.placed') return { ...state, status: event.data.cents > 0 ? 'open' : 'none' }
    return { ...state, status: 'paid' }
  },
})

orderStream.decider<State, Command>({
  initialState: { status: 'none' },
  // @ts-expect-error -- an event of another stream
  decide: () => ({ type: 'cart.filled', version: 1, data: {} }),
  evolve: (state) => state,
})
orderStream.decider<State, Command>({
  initialState: { status: 'none' },
  decide: () => undefined,
  // @ts-expect-error -- no such status
  evolve: () => ({ status: 'lost' }),
})

export class Order extends Aggregate<OrderEvent> {
  status: State['status'] = 'none'

  pay(paymentId: string): void {
    this.raise(paid.create({ paymentId }), { time: '2018-03-01T00:00:00Z' })
    // @ts-expect-error -- not an event of this stream
    this.raise(asynchronous.create({ owner: 'me' }))
  }

  protected when(event: OrderEvent): void {
    if (event.type === 'order.paid') this.status = event.data.paymentId === '' ? 'open' : 'paid'
  }
}

const cartStream = defineStream('cart', {
  events: [defineEvent('cart.filled').version(1, z.object({ sku: z.string() }))],
})

export async function use(streams: Streams): Promise<void> {
  const state = await streams.execute(order, '7', { type: 'place', cents: 1 })
  const status: State['status'] = state.status
  // @ts-expect-error -- no such command
  await streams.execute(order, '7', { type: 'plcae', cents: 1 })
  const orders = streams.repository(orderStream, Order)
  const loaded = await orders.load('7', { asOf: '2026-01-31T00:00:00Z' })
  loaded.pay(status)
  await orders.save(loaded)
  // @ts-expect-error -- Order takes the events of another stream
  streams.repository(cartStream, Order)
  for await (const { event, streamVersion } of streams.read(orderStream, '7')) {
    if (event.type === 'order.placed') event.data.cents.toFixed(streamVersion)
  }
}

declare const bus: Bus<MemoryCapabilities, 'com.example.orders.confirmed'>
declare const store: StreamStore<MemoryTransaction>
declare const outboxStore: OutboxStore<MemoryTransaction>
declare const elsewhere: OutboxStore<SqliteTransaction>
const confirmed = defineEvent('com.example.orders.confirmed').version(1, z.object({ orderId: z.string() }))
const confirm = mapEvent(paid, ({ data }, { id }) =>
  data.paymentId === '' ? undefined : [confirmed.create({ orderId: id })],
)
const summary = mapEvents(orderStream, (events) => {
  const [first] = events
  return first?.type === 'order.paid' ? confirmed.create({ orderId: first.data.paymentId }) : undefined
})
const outbox = bus.outbox(outboxStore)
openStreams({ store, source: '/orders', outbox, mappings: [confirm, summary] })
openTables({ source: '/orders', outbox, mappings: [confirm, summary] })
const leak = mapEvent(paid, ({ data }) => paid.create(data))
// @ts-expect-error -- a private event: it is in no catalog
openStreams({ store, source: '/orders', outbox, mappings: [leak] })
// @ts-expect-error -- as above
openTables({ source: '/orders', outbox, mappings: [confirm, leak] })
// @ts-expect-error -- an outbox in another database: they do not commit together
openStreams({ store, source: '/orders', outbox: bus.outbox(elsewhere), mappings: [confirm] })
// @ts-expect-error -- not what the integration event holds
mapEvent(paid, () => confirmed.create({ orderID: '7' }))

interface Tx {
  run(sql: string, cents: number): void
}
const tables = {
  streams: [orderStream],
  create: (tx: Tx, table: string) => tx.run(table, 0),
  drop: (tx: Tx, table: string) => tx.run(table, 0),
} as const
defineProjection('totals', {
  ...tables,
  apply(tx: Tx, { event }, table) {
    if (event.type === 'order.placed') tx.run(table, event.data.cents)
  },
})
defineProjection('totals', {
  ...tables,
  applyAll(tx: Tx, recorded, table) {
    for (const { event, stream } of recorded)
      if (event.type === 'order.placed') tx.run(`${table} ${stream.id}`, event.data.cents)
  },
})
// @ts-expect-error -- it takes nothing in
defineProjection('totals', tables)
// @ts-expect-error -- two ways to take in the same events
defineProjection('totals', { ...tables, apply: () => undefined, applyAll: () => undefined })
