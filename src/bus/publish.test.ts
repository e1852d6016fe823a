import { describe, expect, test } from 'vitest'
import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { type CloudEvent, decodeEvent } from '../event/index.ts'
import { isTidingsError, limits } from '../kernel/index.ts'
import { partitionOf } from '../log/index.ts'
import { memory } from '../memory/index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { openBus } from './bus.ts'
import { catalog, type Fixture, openFixture, paid, placed } from './orders.fixture.ts'

/** The first event stored in the partition of a key. */
async function firstOf({ bus }: Fixture, key: string): Promise<CloudEvent> {
  const [record] = await bus.admin.read('orders', partitionOf(key, 2), 0, { maxRecords: 1, maxBytes: 1 })
  return decodeEvent(record?.encoded ?? '')
}

const withExtra = (extra: unknown): never => ({ orderId: 'a', extra }) as never

describe('What is published', () => {
  test('is a CloudEvent with id, time, subject and the schema of its version', async () => {
    await using fixture = await openFixture()
    await fixture.place('o-1')
    expect(await firstOf(fixture, 'o-1')).toEqual({
      specversion: '1.0',
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      source: '/tests',
      type: 'com.example.orders.placed',
      subject: 'o-1',
      time: '2026-01-01T00:00:00.000Z',
      datacontenttype: 'application/json',
      dataschema: 'tidings:schemas/com.example.orders.placed/1',
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
      data: { orderId: 'o-1', number: 0 },
    })
  })

  test('takes what the caller sets: id, time, subject, partition key, correlation', async () => {
    await using fixture = await openFixture()
    const attributes = {
      id: 'i',
      time: '2020-01-01T00:00:00Z',
      subject: 's',
      partitionkey: 'k',
      correlationid: 'c',
    }
    await fixture.bus.publish(paid, { orderId: 'o-1' }, attributes)
    expect(await firstOf(fixture, 'k')).toMatchObject(attributes)
  })

  test('must fit its schema, and the refusal names every path', async () => {
    await using fixture = await openFixture()
    const wrong = { orderId: 7, number: 'x' } as never
    const error: unknown = await fixture.bus.publish(placed, wrong).catch((thrown: unknown) => thrown)
    expect(isTidingsError(error, 'data_invalid') && error.details.issues.map(({ path }) => path)).toEqual([
      '/orderId',
      '/number',
    ])
    expect(String(error)).toContain('Nothing of this call was published.')
  })

  test('is all or nothing: one wrong event of many stores none', async () => {
    await using fixture = await openFixture()
    const events = [
      placed.create({ orderId: 'a', number: 1 }),
      placed.create({ orderId: 'b', number: 'x' as never }),
    ]
    await expect(fixture.bus.publishAll(events)).rejects.toThrow('data_invalid')
    const [topic] = await fixture.bus.admin.topics()
    expect(topic?.bounds.map(({ end }) => end)).toEqual([0, 0])
  })

  test('must be of a type of the catalog', async () => {
    await using fixture = await openFixture()
    const other = defineEvent('com.example.orders.payd').version(1, { type: 'object' } as const)
    // @ts-expect-error -- the type is not in the catalog
    await expect(fixture.bus.publish(other, {})).rejects.toThrow(
      /^type_unknown: .*com\.example\.orders\.paid/,
    )
  })

  test('may not have a key over the limit', async () => {
    await using fixture = await openFixture()
    const orderId = 'é'.repeat(limits.keyBytes / 2 + 1)
    await expect(fixture.bus.publish(paid, { orderId })).rejects.toThrow(/^key_too_long: .*514 bytes/)
    await fixture.bus.publish(paid, { orderId: 'é'.repeat(limits.keyBytes / 2) })
  })

  test('may not be over 1 MiB, too deep, or hold __proto__', async () => {
    await using fixture = await openFixture()
    let deep: unknown = 0
    for (let level = 0; level < 100; level++) deep = [deep]
    await expect(fixture.bus.publish(paid, withExtra('x'.repeat(limits.eventBytes)))).rejects.toThrow(
      'event_too_large',
    )
    await expect(fixture.bus.publish(paid, withExtra(deep))).rejects.toThrow('json_too_deep')
    await expect(fixture.bus.publish(paid, withExtra(JSON.parse('{"__proto__":{}}')))).rejects.toThrow(
      'json_unsafe',
    )
  })

  test('with notBefore is seen when it is due, not before', async () => {
    await using fixture = await openFixture()
    const seen: number[] = []
    void fixture.bus
      .group('billing', { start: 'start' })
      .on(paid, () => seen.push(fixture.clock.now()))
      .run()
    const due = new Date(fixture.clock.now() + 60_000)
    await fixture.bus.publish(paid, { orderId: 'a' }, { notBefore: due })
    await fixture.clock.advance(59_000)
    expect(seen).toEqual([])
    await fixture.clock.advance(2_000)
    expect(seen).toEqual([due.getTime()])
  })

  test('after the bus is closed is refused', async () => {
    const fixture = await openFixture()
    await fixture[Symbol.asyncDispose]()
    await expect(fixture.place('a')).rejects.toThrow('bus_closed')
  })

  test('from elsewhere keeps its id, source and time', async () => {
    await using fixture = await openFixture()
    const event = {
      specversion: '1.0',
      id: '7',
      source: 'urn:theirs',
      type: 'com.example.orders.paid',
      time: '2019-01-01T00:00:00+02:00',
      data: { orderId: 'a' },
    } as const
    await fixture.bus.publishEvents([event])
    expect(await firstOf(fixture, 'a')).toEqual({
      ...event,
      traceparent: expect.any(String),
      subject: 'a',
      dataschema: 'tidings:schemas/com.example.orders.paid/1',
    })
  })
})

describe('Opening a bus', () => {
  test('refuses a topic that has another partition count', async () => {
    const engine = memory()
    await openBus({ transport: engine, source: '/a', catalog })
    const other = defineCatalog([defineTopic('orders', { partitions: 3, events: [placed, paid] })])
    await expect(openBus({ transport: engine, source: '/a', catalog: other })).rejects.toThrow(
      /^partition_count_mismatch: .*2 partitions/,
    )
  })

  test('in a namespace sees nothing of another one', async () => {
    const clock = new VirtualClock()
    const engine = memory({ clock })
    const open = (namespace: string) =>
      openBus({ transport: engine, source: '/a', catalog, namespace, clock, drainOn: false })
    const [staging, live] = [await open('staging'), await open('live')]
    const seen: string[] = []
    for (const [name, bus] of Object.entries({ staging, live })) {
      const group = bus.group('billing', { start: 'start', retry: { attempts: 1 } })
      void group
        .on(paid, ({ event, topic }) => {
          seen.push(`${name} ${topic} ${event.data.orderId}`)
          if (name === 'staging') throw new Error('no')
        })
        .run()
    }
    await staging.publish(paid, { orderId: 's' })
    await live.publish(paid, { orderId: 'l' })
    await clock.advance(1_000)
    expect(seen.toSorted()).toEqual(['live orders l', 'staging orders s'])
    expect((await engine.admin.topics()).map(({ name }) => name)).toEqual(['staging.orders', 'live.orders'])
    expect((await live.admin.groups()).map(({ group }) => group)).toEqual(['billing'])
    expect((await staging.admin.lag('billing')).map(({ lag }) => lag)).toEqual([0, 0])
    const { entries } = await staging.deadLetters.list({}, { limit: 10 })
    expect(entries.map(({ id, group }) => [id, group])).toEqual([
      [expect.stringMatching(/^billing\/orders\//), 'billing'],
    ])
    expect(await live.deadLetters.count({})).toBe(0)
    expect(await staging.deadLetters.request(entries.map(({ id }) => id))).toHaveLength(1)
    await clock.advance(1_000)
    expect(seen.filter((each) => each.startsWith('staging'))).toHaveLength(2)
  })
})
