import { describe, expect, test } from 'vitest'
import { type CloudEvent, decodeEvent, readTraceContext, runInFlow } from '../event/index.ts'
import { limits } from '../kernel/index.ts'
import { memoryOutbox, memoryTransaction } from '../memory/index.ts'
import { openBus } from './bus.ts'
import { catalog, fast, type Fixture, openFixture, paid, placed } from './orders.fixture.ts'

async function events({ bus }: Pick<Fixture, 'bus'>): Promise<readonly CloudEvent[]> {
  const pages = [0, 1].map((partition) =>
    bus.admin.read('orders', partition, 0, { maxRecords: 100, maxBytes: 1_000_000 }),
  )
  return (await Promise.all(pages)).flat().map(({ encoded }) => decodeEvent(encoded))
}

async function eventOf(fixture: Pick<Fixture, 'bus'>, type: string): Promise<CloudEvent> {
  const event = (await events(fixture)).find((each) => each.type === type)
  if (event === undefined) throw new Error(`No ${type} was published.`)
  return event
}

const traceOf = (event: CloudEvent | undefined): NonNullable<ReturnType<typeof readTraceContext>> => {
  const trace = event && readTraceContext(event)
  if (trace === undefined) throw new Error('The event has no trace context.')
  return trace
}

/** A group that tells of every order placed that it is paid, as told. */
async function billing(
  fixture: Fixture,
  tell: (event: CloudEvent<string, { orderId: string }>) => unknown,
): Promise<void> {
  void fixture.bus
    .group('billing', { start: 'start', retry: fast })
    .on(placed, async ({ event }) => {
      await Promise.resolve()
      await tell(event)
    })
    .run()
  await fixture.clock.advance(1_000)
}

const about = (correlationid: string): ReturnType<typeof paid.create> =>
  paid.create({ orderId: correlationid }, { correlationid })

const given = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-00`

describe('What is published', () => {
  test('begins a trace, sampled, where nothing else has', async () => {
    await using fixture = await openFixture()
    await fixture.place('a', 'b')
    const [one, two] = (await events(fixture)).map(traceOf)
    expect(one?.traceFlags).toBe(1)
    expect(one?.traceId).not.toBe(two?.traceId)
    expect(one?.spanId).not.toBe(two?.spanId)
  })

  test('keeps the trace context that it was given', async () => {
    await using fixture = await openFixture()
    const context = { traceparent: given, tracestate: 'vendor=1' }
    await fixture.bus.publish(paid, { orderId: 'a' }, context)
    expect(await eventOf(fixture, paid.type)).toMatchObject(context)
  })

  test.each([
    ['garbage', 'garbage'],
    ['zeros', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`],
  ])('has a trace context of its own where the given one is %s', async (_what, traceparent) => {
    await using fixture = await openFixture()
    await fixture.bus.publish(paid, { orderId: 'a' }, { traceparent, tracestate: 'vendor=1' })
    const event = await eventOf(fixture, paid.type)
    expect(traceOf(event).tracestate).toBeUndefined()
    expect(event).not.toHaveProperty('tracestate')
  })

  test('has no tracestate of 100 KB, also when it comes from elsewhere', async () => {
    await using fixture = await openFixture()
    const tracestate = `vendor=${'x'.repeat(100_000)}`
    const event = {
      specversion: '1.0',
      id: '7',
      source: 'urn:theirs',
      type: 'com.example.orders.paid',
      traceparent: given,
      tracestate,
      data: { orderId: 'a' },
    } as const
    await fixture.bus.publishEvents([event])
    const stored = await eventOf(fixture, paid.type)
    expect(stored.traceparent).toBe(given)
    expect(stored).not.toHaveProperty('tracestate')
    expect(event.tracestate).toBe(tracestate)
  })

  test('together about one flow is of one trace', async () => {
    await using fixture = await openFixture()
    await fixture.bus.publishAll([about('a'), about('b'), about('a')])
    const traces = new Map<string, Set<string>>()
    for (const event of await events(fixture)) {
      const known = traces.get(event.correlationid ?? '') ?? new Set()
      traces.set(event.correlationid ?? '', known.add(traceOf(event).traceId))
    }
    expect([...traces.values()].map(({ size }) => size)).toEqual([1, 1])
  })

  test('in a flow without a trace begins the trace of what follows', async () => {
    await using fixture = await openFixture()
    await runInFlow({ cause: undefined, trace: undefined }, async () => {
      await fixture.place('a')
      await fixture.bus.publish(paid, { orderId: 'a' })
    })
    const traceIds = (await events(fixture)).map((event) => traceOf(event).traceId)
    expect(new Set(traceIds).size).toBe(1)
  })
})

describe('What a handler publishes', () => {
  test('has the correlation, the cause and the trace of what it handles', async () => {
    await using fixture = await openFixture()
    await fixture.place('a')
    await billing(fixture, ({ data }) => fixture.bus.publish(paid, { orderId: data.orderId }))
    const [cause, event] = [await eventOf(fixture, placed.type), await eventOf(fixture, paid.type)]
    expect(event).toMatchObject({ correlationid: cause.id, causationid: cause.id })
    expect(traceOf(event).traceId).toBe(traceOf(cause).traceId)
    expect(traceOf(event).spanId).not.toBe(traceOf(cause).spanId)
  })

  test('keeps the correlation id, the flags and the tracestate of the flow', async () => {
    await using fixture = await openFixture()
    const flow = { correlationid: 'first', traceparent: given, tracestate: 'vendor=1' }
    await fixture.bus.publish(placed, { orderId: 'a', number: 1 }, flow)
    await billing(fixture, ({ data }) => fixture.bus.publish(paid, { orderId: data.orderId }))
    const event = await eventOf(fixture, paid.type)
    expect(event).toMatchObject({ correlationid: 'first', tracestate: 'vendor=1' })
    expect(event.traceparent).toMatch(/^00-1{32}-[0-9a-f]{16}-00$/)
  })

  test('goes through an outbox with the same links', async () => {
    await using fixture = await openFixture()
    const outbox = fixture.bus.outbox(memoryOutbox({ clock: fixture.clock }))
    await fixture.place('a')
    await billing(fixture, ({ data }) =>
      memoryTransaction((tx) => outbox.publish(tx, paid, { orderId: data.orderId })),
    )
    await fixture.clock.advance(1_000)
    const [cause, event] = [await eventOf(fixture, placed.type), await eventOf(fixture, paid.type)]
    expect(event).toMatchObject({ correlationid: cause.id, causationid: cause.id })
    expect(traceOf(event).traceId).toBe(traceOf(cause).traceId)
  })

  test('has what the handler sets instead', async () => {
    await using fixture = await openFixture()
    await fixture.place('a')
    const own = { correlationid: 'mine', causationid: 'me', traceparent: given }
    await billing(fixture, ({ data }) => fixture.bus.publish(paid, { orderId: data.orderId }, own))
    expect(await eventOf(fixture, paid.type)).toMatchObject(own)
  })

  test('has the trace of another cause that it names', async () => {
    await using fixture = await openFixture()
    const other = {
      specversion: '1.0',
      id: '7',
      source: '/x',
      type: 't',
      data: 1,
      traceparent: given,
    } as const
    await fixture.place('a')
    await billing(fixture, ({ data }) =>
      fixture.bus.publish(paid, { orderId: data.orderId }, { causedBy: other }),
    )
    const event = await eventOf(fixture, paid.type)
    expect(event).toMatchObject({ correlationid: '7', causationid: '7' })
    expect(traceOf(event).traceId).toBe('1'.repeat(32))
  })

  test('is not linked to events that are handled at the same time', async () => {
    await using fixture = await openFixture()
    await fixture.place(...Array.from({ length: 20 }, (_, index) => `o-${index}`))
    await billing(fixture, ({ data }) => fixture.bus.publish(paid, { orderId: data.orderId }))
    const all = await events(fixture)
    const causes = new Map(all.map((event) => [event.id, event]))
    const told = all.filter(({ type }) => type === paid.type)
    expect(told).toHaveLength(20)
    for (const event of told) expect(causes.get(event.causationid ?? '')?.subject).toBe(event.subject)
  })

  test('in a batch is of the trace of the batch, or of that of the cause it names', async () => {
    await using fixture = await openFixture()
    void fixture.bus
      .group('billing', { start: 'start' })
      .onBatch(placed, { max: 10, waitMs: 10 }, async (deliveries) => {
        await fixture.bus.publish(paid, { orderId: 'batch' })
        for (const { event } of deliveries)
          await fixture.bus.publish(paid, { orderId: 'one' }, { causedBy: event })
      })
      .run()
    await fixture.place('a')
    await fixture.clock.advance(1_000)
    const all = await events(fixture)
    const cause = all.find(({ type }) => type === placed.type)
    const [ofBatch, ofOne] = ['batch', 'one'].map((subject) => all.find((each) => each.subject === subject))
    expect(ofBatch).not.toHaveProperty('causationid')
    expect(traceOf(ofBatch).traceId).not.toBe(traceOf(cause).traceId)
    expect(traceOf(ofOne).traceId).toBe(traceOf(cause).traceId)
  })

  test('begins a trace of its own when its event is older than traces are kept open for', async () => {
    await using fixture = await openFixture()
    await fixture.place('a')
    await fixture.clock.advance(limits.traceContinuedMs + 1)
    await billing(fixture, ({ data }) => fixture.bus.publish(paid, { orderId: data.orderId }))
    const [cause, event] = [await eventOf(fixture, placed.type), await eventOf(fixture, paid.type)]
    expect(event).toMatchObject({ correlationid: cause.id, causationid: cause.id })
    expect(traceOf(event).traceId).not.toBe(traceOf(cause).traceId)
  })

  test('begins a trace of its own after a redrive', async () => {
    await using fixture = await openFixture()
    let works = false
    await fixture.place('a')
    await billing(fixture, ({ data }) => {
      if (!works) throw new Error('no')
      return fixture.bus.publish(paid, { orderId: data.orderId })
    })
    await fixture.clock.advance(10_000)
    works = true
    const { entries } = await fixture.bus.deadLetters.list({ states: ['dead'] })
    await fixture.bus.deadLetters.request(entries.map(({ id }) => id))
    await fixture.clock.advance(10_000)
    const [cause, event] = [await eventOf(fixture, placed.type), await eventOf(fixture, paid.type)]
    expect(event).toMatchObject({ correlationid: cause.id, causationid: cause.id })
    expect(traceOf(event).traceId).not.toBe(traceOf(cause).traceId)
  })
})

describe('A report of a delivery', () => {
  test('names the span of its run: another for each attempt, all of the trace of the event', async () => {
    await using fixture = await openFixture()
    void fixture.bus
      .group('billing', { start: 'start', retry: fast })
      .on(placed, () => {
        throw new Error('no')
      })
      .run()
    await fixture.place('a')
    await fixture.clock.advance(10_000)
    const traces = fixture.reports.map(({ flow }) => flow?.trace)
    const { traceId } = traceOf(await eventOf(fixture, placed.type))
    expect(traces.map((trace) => trace?.traceId)).toEqual([traceId, traceId, traceId])
    expect(new Set(traces.map((trace) => trace?.spanId)).size).toBe(3)
  })

  test('names the span that the handler published in', async () => {
    await using fixture = await openFixture()
    const handled: (string | undefined)[] = []
    await using other = await openBus({
      transport: fixture.engine,
      source: '/others',
      catalog,
      clock: fixture.clock,
      drainOn: false,
      report: ({ flow }) => handled.push(flow?.trace?.traceId),
    })
    void other
      .group('billing', { start: 'start' })
      .on(placed, () => other.publish(paid, { orderId: 'a' }))
      .run()
    await fixture.place('a')
    await fixture.clock.advance(1_000)
    expect(handled).toEqual([traceOf(await eventOf(fixture, paid.type)).traceId])
    await other.drain()
  })
})
