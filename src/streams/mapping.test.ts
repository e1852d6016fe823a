import { describe, expect, test } from 'vitest'
import { openBus } from '../bus/index.ts'
import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { type CloudEvent, decodeEvent } from '../event/index.ts'
import { seededRandom } from '../kernel/index.ts'
import { memory, memoryOutbox, memoryStreams } from '../memory/index.ts'
import { jsonSchema } from '../schema/index.ts'
import { settle, VirtualClock } from '../testing/index.ts'
import { type Mapping, mapEvent, mapEvents, openStreams } from './index.ts'
import { all, Order, order, orderStream, paid, placed } from './orders.fixture.ts'

interface Confirmed {
  readonly orderId: string
  readonly payments: number
}
const confirmed = defineEvent('com.example.orders.confirmed')
  .version(
    1,
    jsonSchema<Confirmed>({
      type: 'object',
      properties: { orderId: { type: 'string' }, payments: { type: 'integer' } },
      required: ['orderId', 'payments'],
    }),
  )
  .subject(({ orderId }) => orderId)
const catalog = defineCatalog([defineTopic('orders', { partitions: 1, events: [confirmed] })])
type Types = 'com.example.orders.confirmed'

async function service(mappings: readonly Mapping<Types>[]) {
  const clock = new VirtualClock()
  const random = seededRandom(1)
  const bus = await openBus({
    transport: memory({ clock }),
    source: '/orders-service',
    catalog,
    clock,
    random,
    drainOn: false,
  })
  const store = memoryStreams({ clock })
  const outbox = bus.outbox(memoryOutbox({ clock }))
  const streams = openStreams({ store, source: '/orders-service', outbox, mappings, clock, random })
  return {
    streams,
    store,
    outbox,
    async published(): Promise<readonly CloudEvent[]> {
      await settle()
      const records = await bus.admin.read('orders', 0, 0, { maxRecords: 100, maxBytes: 1_000_000 })
      return records.map(({ encoded }) => decodeEvent(encoded))
    },
    [Symbol.asyncDispose]: () => bus.close(),
  }
}

const create = (orderId: string, payments: number) => confirmed.create({ orderId, payments })
const confirm = mapEvent(paid, (_event, { id }) => create(id, 1))

describe('A domain event', () => {
  test('reaches other services as what it is mapped to, once its append has committed', async () => {
    await using opened = await service([confirm])
    const time = '2018-03-01T10:00:00Z'
    await opened.streams.execute(order, '7', { type: 'place', cents: 1 })
    await opened.streams.execute(
      order,
      '7',
      { type: 'pay', paymentId: 'p' },
      { time, causedBy: { id: 'e1', correlationid: 'c1' } },
    )
    const domain = (await all(opened.streams.read(orderStream, '7')))[1]?.event
    expect(await opened.published()).toMatchObject([
      { data: { orderId: '7', payments: 1 }, time, correlationid: 'c1', causationid: domain?.id },
    ])
  })

  test('without a mapping stays private', async () => {
    await using opened = await service([confirm])
    await opened.streams.execute(order, '7', { type: 'place', cents: 1 })
    expect(await opened.published()).toEqual([])
    expect((await all(opened.streams.read(orderStream, '7'))).length).toBe(1)
  })

  test('that a mapping gives away as it is stays private: the append is refused', async () => {
    const leak = mapEvent(placed, ({ data }) => placed.create(data))
    await using opened = await service([leak as never])
    await expect(opened.streams.execute(order, '7', { type: 'place', cents: 1 })).rejects.toThrow(
      /^type_unknown: The catalog has no event of type "order.placed"/,
    )
    expect(await opened.store.countAll({ after: undefined })).toBe(0)
  })

  test('of class-style aggregates is mapped alike', async () => {
    await using opened = await service([confirm])
    await opened.streams.repository(orderStream, Order).update('7', (each) => {
      each.place(1)
      each.pay('a')
      each.pay('b')
    })
    expect((await opened.published()).length).toBe(2)
  })

  test('appended again is not told again', async () => {
    await using opened = await service([confirm])
    const events = [paid.create({ paymentId: 'a' }, { id: 'fixed' })]
    await opened.streams.append(orderStream, '7', events, { expected: 'empty' })
    await opened.streams.append(orderStream, '7', events, { expected: 'empty' })
    expect((await opened.published()).length).toBe(1)
  })
})

const pay = (...ids: string[]) => ids.map((paymentId) => paid.create({ paymentId }))

describe('Mappings', () => {
  test('make several events of one, in the order of the domain events', async () => {
    const both = mapEvent(orderStream, ({ type }, { id }) =>
      type === 'order.placed' ? [create(`${id}-a`, 0), create(`${id}-b`, 0)] : [],
    )
    await using opened = await service([confirm, both])
    const events = [...pay('x'), placed.create({ cents: 1 }), ...pay('y')]
    await opened.streams.append(orderStream, '7', events, { expected: 'empty' })
    expect((await opened.published()).map(({ subject }) => subject)).toEqual(['7', '7-a', '7-b', '7'])
  })

  test('make one event of several of an append, after the last of them', async () => {
    const together = mapEvents(paid, (events, { id }) => create(id, events.length))
    await using opened = await service([together])
    const events = [...pay('a', 'b'), placed.create({ cents: 1 }), ...pay('c')]
    await opened.streams.append(orderStream, '7', events, { expected: 'empty', time: '2018-03-01' })
    await opened.streams.append(orderStream, '7', [placed.create({ cents: 2 })], { expected: 4 })
    const last = (await all(opened.streams.read(orderStream, '7')))[3]?.event
    expect(await opened.published()).toMatchObject([
      { data: { orderId: '7', payments: 3 }, causationid: last?.id, time: '2018-03-01T00:00:00.000Z' },
    ])
  })

  test('may set attributes of their own', async () => {
    const timed = mapEvent(paid, (_event, { id }) =>
      confirmed.create({ orderId: id, payments: 1 }, { time: '2020-01-01T00:00:00Z', partitionkey: 'k' }),
    )
    await using opened = await service([timed])
    await opened.streams.append(orderStream, '7', pay('a'), { expected: 'empty' })
    expect(await opened.published()).toMatchObject([{ time: '2020-01-01T00:00:00Z', partitionkey: 'k' }])
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('no rate')
      },
      'failed: no rate. Nothing was appended.',
    ],
    ['returns a Promise', () => Promise.reject(new Error('late')), 'returned a Promise.'],
    ['returns something else', () => ({ orderId: '7' }), 'returned an object. Return what definition.create'],
    ['makes wrong data', () => create(7 as never, 1), 'data_invalid'],
  ])('that %s appends nothing', async (_what, map, says) => {
    await using opened = await service([mapEvent(paid, map as never)])
    const append = opened.streams.append(orderStream, '7', pay('a'), { expected: 'empty' })
    await expect(append).rejects.toThrow(says)
    await expect(append).rejects.toThrow(
      /^(mapping_failed: The mapping of order.paid in stream "order-7"|data_invalid)/,
    )
    expect(await opened.store.countAll({ after: undefined })).toBe(0)
    expect(await opened.published()).toEqual([])
  })

  test('need an outbox, a selector and a function', () => {
    const store = memoryStreams()
    expect(() => openStreams({ store, source: '/a', mappings: [confirm] })).toThrow(
      /^option_invalid: openStreams got mappings without an outbox/,
    )
    expect(() => openStreams({ store, source: '/a', outbox: {} as never })).toThrow(
      /^option_invalid: openStreams got an object as outbox/,
    )
    expect(() => mapEvent('order.paid' as never, () => undefined)).toThrow(
      /^option_invalid: mapEvent got "order.paid"/,
    )
    expect(() => mapEvents(paid, undefined as never)).toThrow(/^option_invalid: mapEvents got undefined/)
  })
})
