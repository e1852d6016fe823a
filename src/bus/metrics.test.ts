import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { describe, expect, test } from 'vitest'
import { TidingsError } from '../kernel/index.ts'
import { memoryOutbox, memoryTransaction } from '../memory/index.ts'
import { openFixture, paid, placed } from './orders.fixture.ts'

interface Point {
  readonly attributes: Readonly<Record<string, unknown>>
  readonly value: unknown
}

interface MetricsSdk extends Disposable {
  /** The points of a metric as they are now. */
  of(name: string): Promise<readonly Point[]>
  names(): Promise<readonly string[]>
}

/** An SDK for metrics, as a program registers it. */
function openMetrics(): MetricsSdk {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
  const all = async () => {
    const { resourceMetrics } = await reader.collect()
    return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
  }
  return {
    of: async (name) =>
      (await all())
        .filter(({ descriptor }) => descriptor.name === name)
        .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }) => ({ attributes, value }))),
    names: async () => (await all()).map(({ descriptor }) => descriptor.name).toSorted(),
    [Symbol.dispose]: () => metrics.disable(),
  }
}

describe('With an SDK for metrics', () => {
  test('publishes, deliveries, lag and dead letters are counted and measured', async () => {
    using sdk = openMetrics()
    await using fixture = await openFixture()
    void fixture.bus
      .group('billing', { start: 'start', retry: { attempts: 1 } })
      .on(placed, async ({ event }) => {
        await new Promise<void>((resolve) => fixture.clock.schedule(2_000, resolve))
        if (event.data.orderId === 'b') throw new RangeError('no')
      })
      .run()
    await fixture.place('a', 'b')
    await fixture.clock.advance(5_000)
    const ofGroup = { 'messaging.consumer.group.name': 'billing', 'messaging.destination.name': 'orders' }
    expect(await sdk.of('messaging.client.sent.messages')).toMatchObject([
      { value: 2, attributes: { 'messaging.system.name': 'memory', 'messaging.operation.name': 'send' } },
    ])
    expect(await sdk.of('messaging.client.consumed.messages')).toMatchObject([
      { value: 1, attributes: ofGroup },
      { value: 1, attributes: { ...ofGroup, 'error.type': 'RangeError' } },
    ])
    expect(await sdk.of('messaging.process.duration')).toMatchObject([
      { value: { count: 1, sum: 2 }, attributes: ofGroup },
      { value: { count: 1, sum: 2 } },
    ])
    const operations = await sdk.of('messaging.client.operation.duration')
    expect(new Set(operations.map(({ attributes }) => attributes['messaging.operation.type']))).toEqual(
      new Set(['send', 'settle']),
    )
    expect(await sdk.of('tidings.delivery.latency')).toMatchObject([
      { value: { count: 1, sum: 2 }, attributes: ofGroup },
    ])
    expect(await sdk.of('tidings.dead_letters.added')).toMatchObject([{ value: 1, attributes: ofGroup }])
    expect(await sdk.of('tidings.dead_letters')).toMatchObject([{ value: 1 }])
    expect((await sdk.of('tidings.group.lag')).map(({ value }) => value)).toEqual([0, 0])
  })

  test('a group that is behind has its lag in events and in seconds', async () => {
    using sdk = openMetrics()
    await using fixture = await openFixture()
    void fixture.bus
      .group('billing', { start: 'start' })
      .on(placed, () => new Promise<void>((resolve) => fixture.clock.schedule(9_000, resolve)))
      .run()
    await fixture.clock.advance(100)
    await fixture.place('a')
    await fixture.clock.advance(3_000)
    const lags = await sdk.of('tidings.group.lag')
    expect(new Set(lags.map(({ value }) => value))).toEqual(new Set([0, 1]))
    expect(lags[0]?.attributes).toMatchObject({ 'messaging.destination.partition.id': '0' })
    const waits = await sdk.of('tidings.group.lag.time')
    expect(new Set(waits.map(({ value }) => value))).toEqual(new Set([0, 3]))
  })

  test('what waits in an outbox is counted, with the age of its oldest event', async () => {
    using sdk = openMetrics()
    await using fixture = await openFixture()
    fixture.engine.publish = async () => {
      throw new TidingsError('engine_unreachable', 'It is away.')
    }
    const outbox = fixture.bus.outbox(memoryOutbox({ clock: fixture.clock }), { report: () => undefined })
    memoryTransaction((tx) => outbox.publish(tx, paid, { orderId: 'a' }))
    await fixture.clock.advance(7_000)
    expect(await sdk.of('tidings.outbox.pending')).toMatchObject([{ value: 1 }])
    expect(await sdk.of('tidings.outbox.oldest_age')).toMatchObject([{ value: 7 }])
  })

  test('an event from a clock that is ahead has no latency below nothing', async () => {
    using sdk = openMetrics()
    await using fixture = await openFixture()
    void fixture.bus
      .group('billing', { start: 'start' })
      .on(paid, () => undefined)
      .run()
    await fixture.bus.publish(paid, { orderId: 'a' }, { time: '2026-01-01T01:00:00Z' })
    await fixture.clock.advance(1_000)
    expect(fixture.reports).toHaveLength(1)
    expect(await sdk.of('tidings.delivery.latency')).toEqual([])
  })

  test('a bus that is closed is observed no more', async () => {
    using sdk = openMetrics()
    const looked: number[] = []
    {
      await using fixture = await openFixture()
      const { admin } = fixture.engine
      const lag = admin.lag.bind(admin)
      admin.lag = (group) => {
        looked.push(1)
        return lag(group)
      }
      void fixture.bus
        .group('billing', { start: 'start' })
        .on(paid, () => undefined)
        .run()
      await fixture.clock.advance(1_000)
      expect(await sdk.names()).toContain('tidings.group.lag')
    }
    expect(looked).toHaveLength(1)
    await sdk.names()
    expect(looked).toHaveLength(1)
  })
})
