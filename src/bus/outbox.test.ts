import { describe, expect, test } from 'vitest'
import { type CloudEvent, decodeEvent } from '../event/index.ts'
import { limits } from '../kernel/index.ts'
import { memory, memoryInbox, memoryOutbox, memoryTransaction } from '../memory/index.ts'
import type { RelayReport } from '../outbox/index.ts'
import { settle } from '../testing/index.ts'
import { openBus } from './bus.ts'
import { catalog, type Fixture, openFixture, paid, placed } from './orders.fixture.ts'

/** All events of the log. */
async function events({ bus }: Fixture): Promise<readonly CloudEvent[]> {
  const pages = [0, 1].map((partition) =>
    bus.admin.read('orders', partition, 0, { maxRecords: 100, maxBytes: 1_000_000 }),
  )
  return (await Promise.all(pages)).flat().map(({ encoded }) => decodeEvent(encoded))
}

const order = (orderId: string, number = 0): { orderId: string; number: number } => ({ orderId, number })

test('An outbox that this bus does not relay reaches for its database at once, to know it from others', async () => {
  await using fixture = await openFixture()
  const asked: string[] = []
  const store = memoryOutbox()
  const figures = store.figures.bind(store)
  store.figures = () => {
    asked.push('figures')
    return asked.length === 1 ? Promise.reject(new Error('It is away.')) : figures()
  }
  const outbox = fixture.bus.outbox(store, { relay: false })
  expect(asked).toEqual(['figures'])
  memoryTransaction((tx) => outbox.publish(tx, placed, { orderId: 'a', number: 1 }))
  expect(await outbox.figures()).toMatchObject({ pending: 1 })
})

describe('What is published through an outbox', () => {
  test('is in the log once its transaction has committed', async () => {
    await using fixture = await openFixture()
    const outbox = fixture.bus.outbox(memoryOutbox({ clock: fixture.clock }))
    memoryTransaction((tx) => outbox.publish(tx, placed, order('a', 7)))
    await settle()
    const [event, ...others] = await events(fixture)
    expect(others).toEqual([])
    expect(event).toMatchObject({
      source: '/tests',
      type: 'com.example.orders.placed',
      subject: 'a',
      dataschema: 'tidings:schemas/com.example.orders.placed/1',
      data: { orderId: 'a', number: 7 },
    })
    expect(await outbox.figures()).toEqual({ pending: 0, oldestAgeMs: undefined, refused: 0 })
  })

  test('is nowhere when its transaction rolls back', async () => {
    await using fixture = await openFixture()
    const outbox = fixture.bus.outbox(memoryOutbox({ clock: fixture.clock }))
    const failing = (): unknown =>
      memoryTransaction((tx) => {
        outbox.publish(tx, placed, order('a'))
        throw new Error('no such customer')
      })
    expect(failing).toThrow('no such customer')
    await fixture.clock.advance(10_000)
    expect(await events(fixture)).toEqual([])
  })

  test('is refused inside the transaction when it does not fit its schema', async () => {
    await using fixture = await openFixture()
    const outbox = fixture.bus.outbox(memoryOutbox({ clock: fixture.clock }))
    const publishing = (): unknown =>
      memoryTransaction((tx) => outbox.publish(tx, placed, { orderId: 7 } as never))
    expect(publishing).toThrow(/^data_invalid/)
    expect((await outbox.figures()).pending).toBe(0)
  })

  test('is all or nothing: of many with one over the limit none is written', async () => {
    await using fixture = await openFixture()
    const outbox = fixture.bus.outbox(memoryOutbox({ clock: fixture.clock }))
    const large = placed.create(order('b'.repeat(limits.eventBytes)), { subject: 'b' })
    const adding = (): unknown =>
      memoryTransaction((tx) => outbox.add(tx, [placed.create(order('a')), large]))
    expect(adding).toThrow(/^event_too_large/)
    expect((await outbox.figures()).pending).toBe(0)
  })

  test('is refused inside the transaction when this engine takes no event of its size', async () => {
    const engine = memory()
    const small = Object.assign(Object.create(engine), {
      capabilities: { ...engine.capabilities, maxBytes: 500 },
      admin: engine.admin,
      close: () => engine.close(),
    }) as typeof engine
    await using bus = await openBus({ transport: small, source: '/tests', catalog, drainOn: false })
    const outbox = bus.outbox(memoryOutbox(), { relay: false })
    const publishing = (): unknown =>
      memoryTransaction((tx) => outbox.publish(tx, placed, order('ü'.repeat(200)), { subject: 'u' }))
    expect(publishing).toThrow(/^event_too_large: .* memory takes at most 500/)
  })

  test('is refused when its transaction is over', async () => {
    await using fixture = await openFixture()
    const outbox = fixture.bus.outbox(memoryOutbox({ clock: fixture.clock }))
    const over = memoryTransaction((tx) => tx)
    expect(() => outbox.publish(over, placed, order('a'))).toThrow(/^transaction_invalid/)
  })

  test('is refused when the bus is closed', async () => {
    const fixture = await openFixture()
    const outbox = fixture.bus.outbox(memoryOutbox({ clock: fixture.clock }))
    await fixture[Symbol.asyncDispose]()
    const publishing = (): unknown => memoryTransaction((tx) => outbox.publish(tx, placed, order('a')))
    expect(publishing).toThrow(/^bus_closed/)
  })

  test('may say when it is delivered at the earliest, and what it is made of', async () => {
    await using fixture = await openFixture()
    const outbox = fixture.bus.outbox(memoryOutbox({ clock: fixture.clock }))
    memoryTransaction((tx) =>
      outbox.add(tx, [placed.create(order('a')), paid.create({ orderId: 'a' }, { id: 'mine' })], {
        notBefore: new Date(fixture.clock.now() + 60_000),
      }),
    )
    await fixture.clock.advance(59_000)
    expect(await events(fixture)).toEqual([])
    await fixture.clock.advance(1_000)
    expect((await events(fixture)).map(({ type, id }) => (type === paid.type ? id : type))).toEqual([
      placed.type,
      'mine',
    ])
  })

  test('keeps the order of its key, whatever transactions it came in', async () => {
    await using fixture = await openFixture()
    const outbox = fixture.bus.outbox(memoryOutbox({ clock: fixture.clock }))
    for (let number = 0; number < 20; number++) {
      memoryTransaction((tx) => outbox.publish(tx, placed, order('a', number)))
      if (number % 7 === 0) await settle()
    }
    await settle()
    const numbers = (await events(fixture)).map(({ data }) => (data as { number: number }).number)
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, number) => number))
  })

  test('has the age that the clock says, and none when it was set back', async () => {
    await using fixture = await openFixture()
    const outbox = fixture.bus.outbox(memoryOutbox({ clock: fixture.clock }), { relay: false })
    memoryTransaction((tx) => outbox.publish(tx, placed, order('a')))
    await fixture.clock.advance(5_000)
    expect(await outbox.figures()).toEqual({ pending: 1, oldestAgeMs: 5_000, refused: 0 })
    fixture.clock.jump(-3_600_000)
    expect(await outbox.figures()).toEqual({ pending: 1, oldestAgeMs: 0, refused: 0 })
  })
})

describe('What a handler publishes', () => {
  test('names the event that caused it, and the first cause of the flow', async () => {
    await using fixture = await openFixture()
    const { bus, clock } = fixture
    const outbox = bus.outbox(memoryOutbox({ clock: fixture.clock }))
    const billing = bus
      .group('billing', { start: 'start', inbox: memoryInbox({ clock: fixture.clock }) })
      .on(placed, async ({ event, transact }) => {
        await transact(() => {
          memoryTransaction((tx) => outbox.publish(tx, paid, { orderId: 'a' }, { causedBy: event }))
        })
      })
    await billing.joined()
    await bus.publish(placed, order('a'), { id: 'first', correlationid: 'flow' })
    await bus.publish(placed, order('b'), { id: 'second' })
    await clock.advance(1_000)
    const caused = (await events(fixture)).filter(({ type }) => type === paid.type)
    expect(new Map(caused.map(({ causationid, correlationid }) => [causationid, correlationid]))).toEqual(
      new Map([
        ['first', 'flow'],
        ['second', 'second'],
      ]),
    )
  })

  test('keeps the ids that are set, and takes an event as its cause only', async () => {
    await using fixture = await openFixture()
    const cause = { specversion: '1.0', id: 'first', source: '/a', type: 'a', data: 1 } as const
    await fixture.bus.publish(paid, { orderId: 'a' }, { causedBy: cause, correlationid: 'mine' })
    expect(await events(fixture)).toMatchObject([{ causationid: 'first', correlationid: 'mine' }])
    const wrong = fixture.bus.publish(paid, { orderId: 'a' }, { causedBy: 'first' as never })
    await expect(wrong).rejects.toThrow(/^option_invalid: publish got "first" as causedBy/)
  })
})

describe('The relay of a bus', () => {
  test('stops when the bus drains, with what is pending published', async () => {
    await using fixture = await openFixture()
    const store = memoryOutbox({ clock: fixture.clock })
    const outbox = fixture.bus.outbox(store)
    memoryTransaction((tx) => outbox.publish(tx, placed, order('a')))
    await fixture.bus.drain()
    expect((await events(fixture)).length).toBe(1)
    memoryTransaction((tx) => outbox.publish(tx, placed, order('b')))
    await fixture.clock.advance(60_000)
    expect((await outbox.figures()).pending).toBe(1)
    const heir = (await fixture.anotherBus()).outbox(store)
    await settle()
    expect((await heir.figures()).pending).toBe(0)
  })

  test('does not run where the outbox says so', async () => {
    await using fixture = await openFixture()
    const outbox = fixture.bus.outbox(memoryOutbox({ clock: fixture.clock }), { relay: false })
    memoryTransaction((tx) => outbox.publish(tx, placed, order('a')))
    await fixture.clock.advance(60_000)
    expect((await outbox.figures()).pending).toBe(1)
  })

  test('reports what it cannot publish, once it is away and when it is refused', async () => {
    await using fixture = await openFixture()
    const reports: RelayReport[] = []
    const store = memoryOutbox({ clock: fixture.clock })
    fixture.bus.outbox(store, { report: (report) => reports.push(report) })
    const record = { topic: 'no-such-topic', partition: 0, notBefore: undefined }
    const body = JSON.stringify({ specversion: '1.0', id: '1', source: '/a', type: 'a' })
    memoryTransaction((tx) => store.add(tx, [{ ...record, body }]))
    await settle()
    expect(reports).toMatchObject([{ outcome: 'refused', refused: 1 }])
    expect((await store.listRefused(1))[0]?.reason).toMatch(/^(topic|partition)_missing/)
  })

  test('publishes under the names of the namespace', async () => {
    await using fixture = await openFixture()
    await using staging = await openBus({
      transport: fixture.engine,
      source: '/tests',
      catalog,
      namespace: 'staging',
      clock: fixture.clock,
      drainOn: false,
    })
    const outbox = staging.outbox(memoryOutbox({ clock: fixture.clock }))
    memoryTransaction((tx) => outbox.publish(tx, placed, order('a')))
    await settle()
    expect(await events(fixture)).toEqual([])
    const ends = (await staging.admin.topics()).flatMap(({ bounds }) => bounds.map(({ end }) => end))
    expect(ends.reduce((sum, end) => sum + end, 0)).toBe(1)
    await staging.drain()
  })
})

describe('An outbox is refused', () => {
  test('without a store, where the engine takes no transaction of the caller', async () => {
    await using fixture = await openFixture()
    // @ts-expect-error -- it does not compile either
    expect(() => fixture.bus.outbox()).toThrow(/^capability_missing: memory .* sqliteOutbox/)
  })

  test.each([
    [{ lease: 0 }, /A lease of 0 ms/],
    [{ lease: 'soon' }, /not a length of time/],
    [{ leese: '5s' }, /Did you mean lease\?/],
  ])('with the options %j', async (options, says) => {
    await using fixture = await openFixture()
    expect(() => fixture.bus.outbox(memoryOutbox(), options as never)).toThrow(says)
  })

  test('with a store that is none', async () => {
    await using fixture = await openFixture()
    expect(() => fixture.bus.outbox('service.db' as never)).toThrow(/outbox got "service.db" as its store/)
  })
})
