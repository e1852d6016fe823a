import { context, trace } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace'
import { describe, expect, test } from 'vitest'
import { type CloudEvent, decodeEvent, readTraceContext } from '../event/index.ts'
import { limits } from '../kernel/index.ts'
import { memory, memoryOutbox, memoryTransaction } from '../memory/index.ts'
import { openSdk, placeOf, traceIdsOf } from '../tracing/sdk.fixture.ts'
import { continueTrace } from '../tracing/index.ts'
import { openBus } from './bus.ts'
import { catalog, fast, type Fixture, openFixture, paid, placed } from './orders.fixture.ts'

async function events({ bus }: Fixture): Promise<readonly CloudEvent[]> {
  const pages = [0, 1].map((partition) =>
    bus.admin.read('orders', partition, 0, { maxRecords: 100, maxBytes: 1_000_000 }),
  )
  return (await Promise.all(pages)).flat().map(({ encoded }) => decodeEvent(encoded))
}

const idOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().spanId
const spanIdOf = (event: CloudEvent | undefined): string | undefined =>
  event && readTraceContext(event)?.spanId

describe('With an SDK', () => {
  test('one event that is published is one span, which is its context', async () => {
    using sdk = openSdk()
    await using fixture = await openFixture()
    await fixture.bus.publish(paid, { orderId: 'a' }, { correlationid: 'flow' })
    const [event] = await events(fixture)
    const [span, ...others] = sdk.spans()
    expect(others).toEqual([])
    expect(span?.name).toBe('send orders')
    expect(placeOf(span as ReadableSpan)).toEqual({ kind: 'PRODUCER', parent: undefined, links: [] })
    expect(idOf(span)).toBe(spanIdOf(event))
    expect(span?.attributes).toEqual({
      'messaging.system.name': 'memory',
      'messaging.system': 'memory',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'orders',
      'messaging.message.id': event?.id,
      'messaging.message.conversation_id': 'flow',
      'cloudevents.event_id': event?.id,
      'cloudevents.event_source': '/tests',
      'cloudevents.event_spec_version': '1.0',
      'cloudevents.event_type': paid.type,
      'cloudevents.event_subject': 'a',
    })
  })

  test('many that are published have a context each, and the send links to them', async () => {
    using sdk = openSdk()
    await using fixture = await openFixture()
    await fixture.place('a', 'b', 'c')
    const made = sdk.named('create orders')
    expect(new Set(made.map(idOf))).toEqual(new Set((await events(fixture)).map(spanIdOf)))
    const [send] = sdk.named('send orders')
    expect(placeOf(send as ReadableSpan)).toEqual({
      kind: 'CLIENT',
      parent: undefined,
      links: made.map(idOf),
    })
    expect(send?.attributes['messaging.batch.message_count']).toBe(3)
  })

  test('the links of a send are bounded', async () => {
    using sdk = openSdk()
    await using fixture = await openFixture()
    await fixture.place(...Array.from({ length: limits.spanLinks + 10 }, (_, index) => `o-${index}`))
    expect(sdk.named('send orders')[0]?.links).toHaveLength(limits.spanLinks)
  })

  test('a publish that fails says so in its span', async () => {
    using sdk = openSdk()
    const engine = memory()
    const broken = Object.assign(Object.create(engine), {
      capabilities: engine.capabilities,
      admin: engine.admin,
      deadLetters: engine.deadLetters,
      probe: () => engine.probe(),
      close: () => engine.close(),
      publish: async () => {
        throw new TypeError('no disk')
      },
    })
    await using bus = await openBus({
      transport: broken as typeof engine,
      source: '/x',
      catalog,
      drainOn: false,
    })
    await expect(bus.publish(paid, { orderId: 'a' })).rejects.toThrow('no disk')
    const [span] = sdk.named('send orders')
    expect(span?.attributes['error.type']).toBe('TypeError')
    expect(span?.status).toMatchObject({ message: 'no disk' })
  })

  test('an event that was given its context has no other, and its send links there', async () => {
    using sdk = openSdk()
    await using fixture = await openFixture()
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
    await fixture.bus.publish(paid, { orderId: 'a' }, { traceparent })
    expect(sdk.spans().map(({ name }) => name)).toEqual(['send orders'])
    expect(placeOf(sdk.spans()[0] as ReadableSpan)).toMatchObject({ kind: 'CLIENT', links: ['2'.repeat(16)] })
  })

  test('a handler continues the trace of its event, and what it publishes goes on from there', async () => {
    using sdk = openSdk()
    await using fixture = await openFixture()
    void fixture.bus
      .group('billing', { start: 'start' })
      .on(placed, async ({ event }) => {
        await Promise.resolve()
        await fixture.bus.publish(paid, { orderId: event.data.orderId })
      })
      .run()
    await fixture.bus.publish(placed, { orderId: 'a', number: 1 })
    await fixture.clock.advance(1_000)
    const [first, second] = ['a', 'b'].map((_, index) => sdk.named('send orders')[index])
    const [process] = sdk.named('process orders')
    expect(traceIdsOf(sdk.spans()).size).toBe(1)
    expect(placeOf(process as ReadableSpan)).toEqual({
      kind: 'CONSUMER',
      parent: idOf(first),
      links: [idOf(first)],
    })
    expect(placeOf(second as ReadableSpan)).toEqual({ kind: 'PRODUCER', parent: idOf(process), links: [] })
    expect(process?.attributes).toMatchObject({
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': 'billing',
      'tidings.delivery.attempt': 1,
      'tidings.record.offset': 0,
      'tidings.delivery.outcome': 'handled',
    })
  })

  test('each attempt has its span, and the failed ones say why', async () => {
    using sdk = openSdk()
    await using fixture = await openFixture()
    void fixture.bus
      .group('billing', { start: 'start', retry: fast })
      .on(placed, ({ attempt }) => {
        if (attempt < 3) throw new RangeError('not yet')
      })
      .run()
    await fixture.bus.publish(placed, { orderId: 'a', number: 1 })
    await fixture.clock.advance(10_000)
    const spans = sdk.named('process orders')
    expect(spans.map(({ attributes }) => attributes['tidings.delivery.attempt'])).toEqual([1, 2, 3])
    expect(spans.map(({ attributes }) => attributes['error.type'])).toEqual([
      'RangeError',
      'RangeError',
      undefined,
    ])
    expect(new Set(spans.map(({ parentSpanContext }) => parentSpanContext?.spanId)).size).toBe(1)
  })

  test('a batch is a trace of its own that links to its events', async () => {
    using sdk = openSdk()
    await using fixture = await openFixture()
    void fixture.bus
      .group('analytics', { start: 'start' })
      .onBatch(placed, { max: 10, waitMs: 10 }, () => undefined)
      .run()
    await fixture.place('a')
    await fixture.place('a')
    await fixture.clock.advance(1_000)
    const [batch] = sdk.named('process orders')
    expect(placeOf(batch as ReadableSpan)).toEqual({
      kind: 'CONSUMER',
      parent: undefined,
      links: sdk.named('create orders').map(idOf),
    })
    expect(batch?.attributes['messaging.batch.message_count']).toBe(2)
  })

  test('a redrive begins a trace of its own that links to the event', async () => {
    using sdk = openSdk()
    await using fixture = await openFixture()
    let works = false
    void fixture.bus
      .group('billing', { start: 'start', retry: { attempts: 1 } })
      .on(placed, () => {
        if (!works) throw new Error('no')
      })
      .run()
    await fixture.bus.publish(placed, { orderId: 'a', number: 1 })
    await fixture.clock.advance(1_000)
    works = true
    const { entries } = await fixture.bus.deadLetters.list()
    await fixture.bus.deadLetters.request(entries.map(({ id }) => id))
    await fixture.clock.advance(1_000)
    const [failed, redriven] = sdk.named('process orders')
    const [send] = sdk.named('send orders')
    expect(placeOf(failed as ReadableSpan)).toMatchObject({ parent: idOf(send) })
    expect(placeOf(redriven as ReadableSpan)).toMatchObject({ parent: undefined, links: [idOf(send)] })
  })

  test('an event goes through an outbox with the span that wrote it, and the relay links there', async () => {
    using sdk = openSdk()
    await using fixture = await openFixture()
    const outbox = fixture.bus.outbox(memoryOutbox({ clock: fixture.clock }))
    memoryTransaction((tx) => outbox.publish(tx, paid, { orderId: 'a' }))
    await fixture.clock.advance(1_000)
    const [event] = await events(fixture)
    const [created] = sdk.named('create orders')
    const [relayed] = sdk.named('send orders')
    expect(idOf(created)).toBe(spanIdOf(event))
    expect(placeOf(relayed as ReadableSpan)).toEqual({
      kind: 'CLIENT',
      parent: undefined,
      links: [idOf(created)],
    })
  })

  test("the program's own span is the parent of what it publishes", async () => {
    using sdk = openSdk()
    await using fixture = await openFixture()
    const tracer = trace.getTracer('the program')
    await tracer.startActiveSpan('POST /orders', async (span) => {
      await fixture.bus.publish(paid, { orderId: 'a' })
      await fixture.place('b')
      span.end()
    })
    const [request] = sdk.named('POST /orders')
    const made = [...sdk.named('send orders'), ...sdk.named('create orders')]
    expect(made.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual(
      made.map(() => idOf(request)),
    )
    expect(context.active()).toBeDefined()
  })

  test('a request without instrumentation is continued by hand', async () => {
    using sdk = openSdk()
    await using fixture = await openFixture()
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
    await continueTrace({ traceparent }, () => fixture.bus.publish(paid, { orderId: 'a' }))
    expect(placeOf(sdk.named('send orders')[0] as ReadableSpan)).toMatchObject({ parent: '2'.repeat(16) })
  })

  test('that samples nothing events are linked all the same, as not sampled', async () => {
    using sdk = openSdk({ sampler: new AlwaysOffSampler() })
    await using fixture = await openFixture()
    void fixture.bus
      .group('billing', { start: 'start' })
      .on(placed, ({ event }) => fixture.bus.publish(paid, { orderId: event.data.orderId }))
      .run()
    await fixture.bus.publish(placed, { orderId: 'a', number: 1 })
    await fixture.clock.advance(1_000)
    const contexts = (await events(fixture)).map((event) => readTraceContext(event))
    expect(sdk.spans()).toEqual([])
    expect(new Set(contexts.map((each) => each?.traceId)).size).toBe(1)
    expect(contexts.map((each) => each?.traceFlags)).toEqual([0, 0])
  })
})
