import { describe, expect, test } from 'vitest'
import {
  type DeliveryEntry,
  journalCatalog,
  JournalReader,
  type JournalView,
  journalTopic,
  traceTree,
} from '../journal/index.ts'
import { limits, seededRandom } from '../kernel/index.ts'
import { type MemoryCapabilities, type MemoryEngine, memory, memoryJournalView } from '../memory/index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { type Bus, openBus } from './bus.ts'
import { catalog, fast, paid, placed } from './orders.fixture.ts'

interface Opened {
  readonly bus: Bus<MemoryCapabilities, 'com.example.orders.placed' | 'com.example.orders.paid'>
  readonly clock: VirtualClock
  readonly engine: MemoryEngine
  read(): Promise<JournalView>
  [Symbol.asyncDispose](): Promise<void>
}

async function opened(): Promise<Opened> {
  const clock = new VirtualClock()
  const engine = memory({ clock })
  const bus = await openBus({
    transport: engine,
    source: '/orders',
    catalog,
    clock,
    random: seededRandom(1),
    drainOn: false,
    report: () => undefined,
    journal: true,
  })
  return {
    bus,
    clock,
    engine,
    async read() {
      await clock.advance(limits.journalEveryMs)
      const view = memoryJournalView()
      await new JournalReader(bus.admin, view).catchUp()
      return view
    },
    [Symbol.asyncDispose]: () => bus.close(),
  }
}

const told = ({ group, attempt, outcome, event }: DeliveryEntry): unknown => [
  group,
  event?.type.split('.').at(-1),
  attempt,
  outcome,
]

describe('The journal of a bus', () => {
  test('has what became of every delivery, and nothing of what the events say', async () => {
    await using on = await opened()
    let failures = 1
    void on.bus
      .group('mails', { start: 'start', retry: fast })
      .on(placed, () => {
        if (failures-- > 0) throw new TypeError('No mail server')
      })
      .run()
    await on.bus.publish(placed, { orderId: 'secret', number: 7 }, { subject: 'o-7' })
    await on.clock.advance(10_000)
    const view = await on.read()
    const entries = await view.ofSubject('o-7')
    expect(entries.map(told)).toEqual([
      ['mails', 'placed', 1, 'failed'],
      ['mails', 'placed', 2, 'handled'],
    ])
    expect(entries[0]).toMatchObject({
      service: '/orders',
      topic: 'orders',
      retryInMs: 1_000,
      error: { reason: 'TypeError', message: 'No mail server' },
    })
    expect(JSON.stringify(entries)).not.toContain('secret')
    expect(await view.errors()).toMatchObject([{ group: 'mails', reason: 'TypeError', count: 1 }])
  })

  test('links what a handler published to what it handled, under one trace', async () => {
    await using on = await opened()
    void on.bus
      .group('billing', { start: 'start' })
      .on(placed, ({ event }) => on.bus.publish(paid, { orderId: event.data.orderId }))
      .run()
    void on.bus
      .group('mails', { start: 'start' })
      .on(placed, () => undefined)
      .on(paid, () => undefined)
      .run()
    await on.bus.publish(placed, { orderId: 'a', number: 1 })
    await on.clock.advance(5_000)
    const view = await on.read()
    const [first] = await view.ofGroup('billing')
    const entries = await view.ofTrace(first?.event?.traceId ?? '')
    expect(entries).toHaveLength(3)
    const [root, ...others] = traceTree(entries)
    expect(others).toEqual([])
    expect(root?.event.type).toBe(placed.type)
    expect(root?.groups.map(({ group }) => group).toSorted()).toEqual(['billing', 'mails'])
    const then = root?.groups.flatMap((group) => group.followers).map(({ event }) => event.type)
    expect(then).toEqual([paid.type])
    expect(await view.ofEvent(first?.event?.id ?? '')).toHaveLength(2)
    expect(await view.ofCorrelation(first?.event?.id ?? '')).toHaveLength(1)
  })

  test('says where a member stands, and that it has ended in order', async () => {
    await using on = await opened()
    const group = on.bus.group('mails', { member: 'one' }).on(placed, () => undefined)
    void group.run()
    await on.clock.advance(limits.journalHealthMs)
    expect(await (await on.read()).health()).toMatchObject([
      { member: 'one', group: 'mails', state: 'running', inFlight: 0, processId: process.pid },
    ])
    const [{ assignment } = { assignment: [] }] = await (await on.read()).health()
    expect(assignment.map(({ partition }) => partition)).toEqual(expect.arrayContaining([0, 1]))
    await group.stop()
    expect(await (await on.read()).health()).toMatchObject([{ member: 'one', state: 'stopped' }])
  })

  test('says nothing more of a member that ended while it said where it stood', async () => {
    const clock = new VirtualClock()
    const engine = memory({ clock })
    const answered = Promise.withResolvers<void>()
    const publish = engine.publish.bind(engine)
    engine.publish = async (...given) => {
      await answered.promise
      await publish(...given)
    }
    await using bus = await openBus({
      transport: engine,
      source: '/orders',
      catalog,
      clock,
      random: seededRandom(1),
      drainOn: false,
      journal: true,
    })
    const group = bus.group('mails').on(placed, () => undefined)
    const running = group.run()
    await clock.advance(limits.journalHealthMs)
    const stopped = group.stop()
    await clock.advance(1_000)
    answered.resolve()
    await Promise.all([stopped, running])
    await clock.advance(10 * limits.journalHealthMs)
    const view = memoryJournalView()
    await new JournalReader(bus.admin, view).catchUp()
    expect(await view.health()).toMatchObject([{ group: 'mails', state: 'stopped' }])
  })

  test('takes no trace id from what is no trace context', async () => {
    await using on = await opened()
    void on.bus
      .group('mails', { start: 'start' })
      .on(placed, () => undefined)
      .run()
    const event = {
      specversion: '1.0',
      id: '1',
      source: '/elsewhere',
      type: placed.type,
      subject: 'o-1',
      traceparent: `00-${'\u001b[2J'.repeat(8)}-01`,
      data: { orderId: 'a', number: 1 },
    } as const
    await on.engine.publish([{ topic: 'orders', partition: 0, event, notBefore: undefined }], {
      tx: undefined,
    })
    await on.clock.advance(5_000)
    const view = await on.read()
    const [delivery] = await view.ofSubject('o-1')
    expect(delivery?.event).toEqual({ source: '/elsewhere', id: '1', type: placed.type, subject: 'o-1' })
  })

  test('never tells of deliveries of itself', async () => {
    const clock = new VirtualClock()
    const engine = memory({ clock })
    await using bus = await openBus({
      transport: engine,
      source: '/console',
      catalog: journalCatalog,
      clock,
      random: seededRandom(1),
      drainOn: false,
      journal: true,
    })
    const seen: string[] = []
    void bus
      .group('console', { start: 'start' })
      .on(journalTopic, ({ event }) => seen.push(event.type))
      .run()
    await clock.advance(20_000)
    expect(new Set(seen)).toEqual(new Set(['dev.tidings.journal.health']))
  })

  test('is read on from where the view stands, each entry once', async () => {
    await using on = await opened()
    const view = memoryJournalView()
    const reader = new JournalReader(on.bus.admin, view)
    expect(await reader.catchUp()).toBe(false)
    void on.bus
      .group('mails', { start: 'start' })
      .on(placed, () => undefined)
      .run()
    for (const number of [1, 2, 3]) {
      await on.bus.publish(placed, { orderId: `o-${number}`, number })
      await on.clock.advance(2_000)
      await reader.catchUp()
    }
    expect(await view.ofGroup('mails')).toHaveLength(3)
    expect(await view.gaps()).toEqual([])
    expect(reader.unknown).toBe(0)
  })

  test('holds up no member that stops while it is away', async () => {
    const clock = new VirtualClock()
    const away = memory({ clock })
    await using bus = await openBus({
      transport: memory({ clock }),
      source: '/orders',
      catalog,
      clock,
      random: seededRandom(1),
      drainOn: false,
      journal: away,
    })
    away.publish = () => new Promise(() => undefined)
    const group = bus.group('mails', { start: 'start' }).on(placed, () => undefined)
    void group.run()
    await bus.publish(placed, { orderId: 'a', number: 1 })
    await clock.advance(limits.journalEveryMs)
    let stopped = false
    void group.stop().then(() => (stopped = true))
    await clock.advance(limits.journalCloseMs)
    expect(stopped).toBe(true)
  })

  test('of an engine that cannot be read again has to be named', async () => {
    const engine = memory({})
    const replay = { start: false, time: false, offset: false }
    const capabilities = { ...engine.capabilities, replay }
    const transport = Object.assign(Object.create(engine) as typeof engine, { capabilities })
    await expect(openBus({ transport, source: '/orders', catalog, journal: true })).rejects.toThrow(
      'capability_missing: ',
    )
  })
})
