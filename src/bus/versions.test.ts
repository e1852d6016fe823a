import { expect, test } from 'vitest'
import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { LogTransport } from '../log/index.ts'
import { MemoryDeadLetterStore } from '../memory/dead-letter-store.ts'
import { memory } from '../memory/index.ts'
import { MemoryLogStore } from '../memory/log-store.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { openBus } from './bus.ts'

const v1 = { type: 'object', properties: { total: { type: 'number' } }, required: ['total'] } as const
const v2 = {
  type: 'object',
  properties: { total: { type: 'number' }, currency: { type: 'string' } },
  required: ['total', 'currency'],
} as const
const subject = (): string => 'one key'
const old = defineEvent('order').version(1, v1).subject(subject)
let lookUp: (total: number) => Promise<string>
const current = defineEvent('order')
  .version(1, v1)
  .version(2, v2, async (data) => ({ ...data, currency: await lookUp(data.total) }))
  .subject(subject)
const oldCatalog = defineCatalog([defineTopic('orders', { events: [old] })])
const currentCatalog = defineCatalog([defineTopic('orders', { events: [current] })])

const quiet = { source: '/a', drainOn: false, report: () => undefined } as const

async function open() {
  const clock = new VirtualClock()
  const transport = memory({ clock })
  const options = { ...quiet, transport, clock }
  return {
    clock,
    oldBus: await openBus({ ...options, catalog: oldCatalog }),
    bus: await openBus({ ...options, catalog: currentCatalog }),
  }
}

test('An old event is brought to the newest version before its handler sees it', async () => {
  const { clock, oldBus, bus } = await open()
  lookUp = async () => 'EUR'
  const seen: unknown[] = []
  void bus
    .group('g', { start: 'start' })
    .on(current, ({ event, version }) => seen.push([version, event.data.currency]))
    .run()
  await oldBus.publish(old, { total: 1 })
  await bus.publish(current, { total: 2, currency: 'USD' })
  await clock.advance(1_000)
  expect(seen).toEqual([
    [2, 'EUR'],
    [2, 'USD'],
  ])
})

test('A handler of all versions sees each as it was written', async () => {
  const { clock, oldBus, bus } = await open()
  const seen: unknown[] = []
  void bus
    .group('g', { start: 'start' })
    .on(current.versions, (delivery) => {
      if (delivery.version === 2) seen.push(delivery.event.data.currency)
      else seen.push(delivery.event.data.total)
    })
    .run()
  await oldBus.publish(old, { total: 1 })
  await bus.publish(current, { total: 2, currency: 'USD' })
  await clock.advance(1_000)
  expect(seen).toEqual([1, 'USD'])
})

test('An upcaster that fails is a failed attempt, and is tried again', async () => {
  const { clock, oldBus, bus } = await open()
  let calls = 0
  lookUp = async () => {
    if (++calls === 1) throw new Error('the service is down')
    return 'EUR'
  }
  const attempts: number[] = []
  void bus
    .group('g', { start: 'start' })
    .on(current, ({ attempt }) => attempts.push(attempt))
    .run()
  await oldBus.publish(old, { total: 1 })
  await clock.advance(5_000)
  expect(attempts).toEqual([2])
})

test('What an upcaster made must fit the newest schema, else the event is a dead letter at once', async () => {
  const { clock, oldBus, bus } = await open()
  lookUp = async () => 7 as never
  void bus
    .group('g', { start: 'start' })
    .on(current, () => undefined)
    .run()
  await oldBus.publish(old, { total: 1 })
  await clock.advance(1_000)
  const { entries } = await bus.deadLetters.list({}, { limit: 10 })
  expect(entries).toMatchObject([{ state: 'dead', reason: 'data_invalid', attempts: 1 }])
})

test('An event newer than the program is handled when it fits its newest version', async () => {
  const { clock, oldBus, bus } = await open()
  const seen: unknown[] = []
  void oldBus
    .group('g', { start: 'start' })
    .on(old, ({ event, version }) => seen.push([version, event.data.total]))
    .run()
  await bus.publish(current, { total: 2, currency: 'USD' })
  await clock.advance(1_000)
  expect(seen).toEqual([[1, 2]])
})

test.each(['wait', 'dead-letter'] as const)('An event too new to be understood: %s', async (afterNewer) => {
  const clock = new VirtualClock()
  const transport = memory({ clock })
  const options = { ...quiet, transport, clock }
  const newer = defineEvent('order')
    .version(1, v1)
    .version(
      2,
      { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] } as const,
      ({ total }) => ({ sum: total }),
    )
    .subject(subject)
  const newBus = await openBus({
    ...options,
    catalog: defineCatalog([defineTopic('orders', { events: [newer] })]),
  })
  const oldBus = await openBus({ ...options, catalog: oldCatalog })
  const seen: number[] = []
  void oldBus
    .group('g', { start: 'start', afterNewer })
    .on(old, ({ event }) => seen.push(event.data.total))
    .run()
  await newBus.publish(newer, { sum: 1 })
  await oldBus.publish(old, { total: 2 })
  await clock.advance(10_000)
  expect(seen).toEqual(afterNewer === 'wait' ? [] : [2])
  expect(await oldBus.deadLetters.count({ states: ['dead'] })).toBe(afterNewer === 'wait' ? 0 : 1)
})

test('A record that is not an event becomes a dead letter with its bytes, and the partition goes on', async () => {
  const clock = new VirtualClock()
  const store = new MemoryLogStore(clock)
  const transport = Object.assign(new LogTransport(store, clock), {
    deadLetters: new MemoryDeadLetterStore(store),
    probe: async () => ({ version: '', durability: [] }),
  })
  const bus = await openBus({ ...quiet, transport, clock, catalog: oldCatalog })
  const seen: number[] = []
  for (const body of ['not json', '{"specversion":"1.0"}']) {
    await store.append([{ topic: 'orders', partition: 0, body, notBefore: undefined }], { tx: undefined })
  }
  void bus
    .group('g', { start: 'start' })
    .on(old, ({ event }) => seen.push(event.data.total))
    .run()
  await bus.publish(old, { total: 1 })
  await clock.advance(1_000)
  expect(seen).toEqual([1])
  const { entries } = await bus.deadLetters.list({}, { limit: 10 })
  expect(entries.map(({ reason, encoded }) => [reason, encoded])).toEqual([
    ['json_invalid', 'not json'],
    ['event_invalid', '{"specversion":"1.0"}'],
  ])
})

test('An event of others has the version that its consumer assumes', async () => {
  const { clock, oldBus } = await open()
  const seen: number[] = []
  const group = oldBus.group('g', { start: 'start', assumeVersion: { order: 1 } })
  void group.on(old, ({ event }) => seen.push(event.data.total)).run()
  const event = {
    specversion: '1.0',
    id: '1',
    source: 'urn:theirs',
    type: 'order',
    data: { total: 3 },
  } as const
  await oldBus.publishEvents([{ ...event, dataschema: 'https://theirs/schema' }])
  await clock.advance(1_000)
  expect(seen).toEqual([3])
})
