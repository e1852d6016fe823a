import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { defineEvent } from '../catalog/index.ts'
import { jsonSchema } from '../schema/index.ts'
import { defineStream, type StreamStore } from './index.ts'
import {
  Order,
  type OrderCommand,
  type OrderEvent,
  type OrderState,
  opened,
  order,
  orderStream,
  paid,
  placed,
} from './orders.fixture.ts'

const order7 = { name: 'order', id: '7' }
const place: OrderCommand = { type: 'place', cents: 1 }
const pay = (paymentId: string): OrderCommand => ({ type: 'pay', paymentId })

/** The decider of another build, whose snapshots are its own. */
function build(
  version: number,
  every = 3,
  evolve: (state: OrderState, event: OrderEvent) => OrderState = (state, event) => order.evolve(state, event),
) {
  return orderStream.decider<OrderState, OrderCommand>({
    initialState: order.initialState,
    decide: (command, state) => order.decide(command, state),
    evolve,
    snapshots: { every, version },
  })
}

const day = (number: number): { readonly time: string } => ({ time: `2018-03-0${number}` })

/** How many events a store gives from now on. */
function counting(store: Pick<StreamStore, 'read'>): { events: number } {
  const count = { events: 0 }
  const read = store.read.bind(store)
  store.read = async (...given) => {
    const records = await read(...given)
    count.events += records.length
    return records
  }
  return count
}

async function filled(decider = build(1)): Promise<ReturnType<typeof opened>> {
  const opens = opened()
  await opens.streams.execute(decider, '7', place)
  for (const id of ['a', 'b', 'c']) await opens.streams.execute(decider, '7', pay(id))
  return opens
}

let warnings: string[] = []
beforeEach(() => {
  warnings = []
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)))
})
afterEach(() => vi.restoreAllMocks())

describe('A snapshot', () => {
  test('spares reading the events before it, and changes nothing else', async () => {
    const { streams, store } = await filled()
    const count = counting(store)
    const loaded = await streams.load(build(1), '7')
    // The event of the snapshot, to see that it is of this stream, and the one after it.
    expect(count.events).toBe(2)
    expect(loaded).toEqual(await streams.load(order, '7'))
    expect(loaded).toMatchObject({ version: 4, state: { payments: ['a', 'b', 'c'] } })
  })

  test('is saved after so many events', async () => {
    const { store } = await filled()
    const key = await keyOf(store)
    expect((await store.loadSnapshot(order7, key))?.version).toBe(3)
  })

  test('of another version of the reducer does not count: state is made of all events', async () => {
    const { streams, store } = await filled()
    const count = counting(store)
    const newer = build(2, 100, (state, event) => ({ ...order.evolve(state, event), cents: 77 }))
    expect((await streams.load(newer, '7')).state).toMatchObject({ cents: 77, payments: ['a', 'b', 'c'] })
    expect(count.events).toBe(4)
  })

  test('of a newer build does not count for an older one, which makes its own', async () => {
    const { streams, store } = await filled(build(2))
    expect((await streams.load(build(1), '7')).version).toBe(4)
    const count = counting(store)
    expect((await streams.load(build(1), '7')).state.payments).toEqual(['a', 'b', 'c'])
    expect(count.events).toBe(1)
    expect((await streams.load(build(2), '7')).state.payments).toEqual(['a', 'b', 'c'])
  })

  test('of each build is kept while both are at work: neither reads all events again and again', async () => {
    const { streams, store } = await filled(build(1))
    await streams.load(build(2), '7')
    const count = counting(store)
    for (const id of ['d', 'e', 'f', 'g']) {
      await streams.execute(build(1), '7', pay(id))
      await streams.execute(build(2), '7', pay(`${id}2`))
    }
    // At most the event of the snapshot and two after it, for each command.
    expect(count.events).toBeLessThanOrEqual(8 * 3)
    expect((await streams.load(build(2), '7')).state.payments.length).toBe(11)
  })

  test("does not count when the events' schemas have changed", async () => {
    const { streams, store } = await filled()
    const paidTwice = defineEvent('order.paid')
      .version(1, jsonSchema<{ paymentId: string }>({ type: 'object' }))
      .version(2, jsonSchema<{ paymentId: string; by: string }>({ required: ['by'] }), (data) => ({
        ...data,
        by: 'me',
      }))
    const changed = defineStream('order', { events: [placed, paidTwice] }).decider<{ by: string }, never>({
      initialState: { by: '' },
      decide: () => undefined,
      evolve: (state, event) => (event.type === 'order.paid' ? { by: event.data.by } : state),
      snapshots: { every: 3, version: 1 },
    })
    const count = counting(store)
    expect((await streams.load(changed, '7')).state).toEqual({ by: 'me' })
    expect(count.events).toBe(4)
  })

  test.each([
    ['that is no JSON', () => '{'],
    ['of another history', (text: string) => text.replace(/"eventId":"[^"]+"/, '"eventId":"gone"')],
  ])('%s does not count', async (_what, spoil) => {
    const { streams, store } = await filled()
    const load = store.loadSnapshot.bind(store)
    store.loadSnapshot = async (...given) => {
      const found = await load(...given)
      return found && { ...found, state: spoil(found.state) }
    }
    expect((await streams.load(build(1), '7')).state.payments).toEqual(['a', 'b', 'c'])
    await streams.execute(build(1), '7', pay('d'))
    expect((await streams.load(order, '7')).state.payments).toEqual(['a', 'b', 'c', 'd'])
  })

  test('beyond the end of its stream does not count', async () => {
    const { streams, store } = await filled()
    store.loadSnapshot = async () => ({
      version: 900,
      state: JSON.stringify({ eventId: 'x', untilMs: 0, state: order.initialState }),
    })
    expect((await streams.load(build(1), '7')).version).toBe(4)
  })

  test('that cannot be written is a warning: the command is done', async () => {
    const { streams, store } = opened()
    store.saveSnapshot = async () => {
      throw new Error('disk full')
    }
    await streams.execute(build(1, 1), '7', place)
    expect(warnings).toEqual([
      expect.stringMatching(/snapshot_failed: The snapshot of stream "order-7" .*disk full/),
    ])
    expect((await streams.load(order, '7')).version).toBe(1)
  })

  test('of a state that JSON cannot hold is a warning, and all events are read', async () => {
    const { streams } = opened()
    const dated = orderStream.decider<{ readonly at?: Date }, OrderCommand>({
      initialState: {},
      decide: () => placed.create({ cents: 1 }),
      evolve: () => ({ at: new Date(0) }),
      snapshots: { every: 1, version: 1 },
    })
    await streams.execute(dated, '7', place)
    expect(warnings[0]).toMatch(/snapshot_failed: .*\/at is a Date, which JSON does not have/)
    expect((await streams.load(dated, '7')).state.at).toEqual(new Date(0))
  })

  test('is used for the past only when all of it was before', async () => {
    const { streams } = opened()
    const decider = build(1, 2)
    await streams.execute(decider, '7', place, day(1))
    await streams.execute(decider, '7', pay('late'), day(5))
    await streams.execute(decider, '7', pay('early'), day(3))
    const paymentsAt = async (asOf: string) => (await streams.load(decider, '7', { asOf })).state.payments
    expect(await paymentsAt('2018-03-04')).toEqual([])
    expect(await paymentsAt('2018-03-05')).toEqual(['late', 'early'])
    expect((await streams.load(decider, '7', { version: 1 })).state.payments).toEqual([])
  })

  test('stands in for events that were deleted', async () => {
    const { streams, store } = await filled()
    await store.truncate(order7, 3)
    expect((await streams.load(build(1), '7')).state.payments).toEqual(['a', 'b', 'c'])
    await expect(streams.load(build(2), '7')).rejects.toThrow(/^stream_truncated/)
  })

  test.each([
    [{ every: 0, version: 1 }, /snapshots of the decider of order have 0 as every/],
    [{ every: 1, version: 1.5 }, /have 1.5 as version/],
    [{ each: 1, version: 1 }, /no option "each"/],
  ])('with the options %j is refused', (snapshots, says) => {
    const { stream: _stream, ...functions } = order
    expect(() => orderStream.decider({ ...functions, snapshots } as never)).toThrow(says)
  })
})

/** The key that a snapshot of order-7 is under. */
async function keyOf(store: ReturnType<typeof opened>['store']): Promise<string> {
  const { streams } = opened(store)
  let used = ''
  const load = store.loadSnapshot.bind(store)
  store.loadSnapshot = async (stream, key) => {
    used = key
    return load(stream, key)
  }
  await streams.load(build(1, 1_000), '7')
  return used
}

class SavedOrder extends Order {
  toSnapshot(): unknown {
    return { status: this.status, payments: this.payments }
  }
  fromSnapshot(saved: Pick<Order, 'status' | 'payments'>): void {
    this.status = saved.status
    this.payments = saved.payments
  }
}

describe("An aggregate's snapshot", () => {
  const snapshots = { every: 2, version: 1 }

  test('spares reading the events before it', async () => {
    const { streams, store } = opened()
    const orders = streams.repository(orderStream, SavedOrder, { snapshots })
    const fresh = await orders.load('7')
    fresh.place(1)
    await orders.save(fresh)
    fresh.pay('a')
    const saving = orders.save(fresh)
    fresh.pay('not yet saved')
    await saving
    const count = counting(store)
    const loaded = await orders.load('7')
    expect([loaded.version, loaded.status, loaded.payments, count.events]).toEqual([2, 'paid', ['a'], 1])
    await orders.save(fresh)
    await orders.update('7', (each) => each.pay('c'))
    count.events = 0
    expect((await orders.load('7')).payments).toEqual(['a', 'not yet saved', 'c'])
    expect(count.events).toBe(1)
  })

  test('is saved when a load finds none so new, and not when it looks at the past', async () => {
    const { streams, store } = opened()
    const plain = streams.repository(orderStream, SavedOrder)
    await plain.update('7', (each) => each.place(1))
    await plain.update('7', (each) => each.pay('a'))
    const orders = streams.repository(orderStream, SavedOrder, { snapshots })
    const count = counting(store)
    await orders.load('7', { version: 2 })
    const loaded = await orders.load('7')
    expect(count.events).toBe(4)
    count.events = 0
    expect((await orders.load('7')).payments).toEqual(['a'])
    expect(count.events).toBe(1)
    loaded.pay('b')
    await orders.save(loaded)
    expect((await orders.load('7')).payments).toEqual(['a', 'b'])
  })

  test('needs its two methods', () => {
    const { streams } = opened()
    expect(() => streams.repository(orderStream, Order, { snapshots } as never)).toThrow(
      'option_invalid: Order has no toSnapshot and fromSnapshot.',
    )
    expect(() =>
      streams.repository(orderStream, SavedOrder, { snapshots: { every: 0, version: 1 } }),
    ).toThrow(/repository of SavedOrder have 0 as every/)
  })
})

describe('The difference of two states', () => {
  test('names each place that has changed, with both values', async () => {
    const { streams } = await filled()
    await streams.append(orderStream, '7', [paid.create({ paymentId: 'x' })], { expected: 4 })
    const { from, to, changes } = await streams.diff(order, '7', { version: 1 }, { version: 3 })
    expect([from.version, to.version]).toEqual([1, 3])
    expect(changes).toEqual([
      { path: '/status', from: 'open', to: 'paid' },
      { path: '/payments/0', from: undefined, to: 'a' },
      { path: '/payments/1', from: undefined, to: 'b' },
    ])
    const orders = streams.repository(orderStream, SavedOrder)
    expect((await orders.diff('7', { version: 5 }, { version: 4 })).changes).toEqual([
      { path: '/payments/3', from: 'x', to: undefined },
    ])
    expect((await orders.diff('7', {}, {})).changes).toEqual([])
  })
})
