import { afterEach, expect, test } from 'vitest'
import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { limits } from '../kernel/index.ts'
import { memory } from '../memory/index.ts'
import { type Bus, openBus } from './bus.ts'
import { checkCoverage } from './coverage.ts'

const total = { type: 'object', properties: { total: { type: 'number' } }, required: ['total'] } as const
const sum = { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] } as const
const type = 'com.example.orders.created'

const v1 = defineEvent(type).version(1, total)
const v2 = v1.version(2, sum, (data) => ({ sum: data.total }))
const onlyV2 = defineEvent(type).version(2, sum)
const other = defineEvent('com.example.orders.shipped').version(1, total)

const catalogOf = (definition: typeof v1 | typeof v2 | typeof onlyV2): ReturnType<typeof defineCatalog> =>
  defineCatalog([defineTopic('orders', { partitions: 4, events: [definition, other] })])

const engine = memory()
const opened: Bus[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((bus) => bus.drain()))
})

async function open(definition: Parameters<typeof catalogOf>[0], namespace: string): Promise<Bus> {
  const bus = await openBus({
    transport: engine,
    source: '/orders',
    catalog: catalogOf(definition),
    namespace,
    drainOn: false,
    report: () => undefined,
  })
  opened.push(bus)
  return bus
}

test('A bus does not open while there are events of a version that the code has no longer', async () => {
  const before = await open(v1, 'log')
  await before.publish(v1, { total: 1 }, { partitionkey: 'a' })
  await before.publish(v1, { total: 2 }, { partitionkey: 'a' })
  await before.publish(other, { total: 3 })
  await expect(open(onlyV2, 'log')).rejects.toThrow(
    /^version_uncovered: There still are events that no upcaster brings to the newest version: version 1 of com\.example\.orders\.created \(2 found, the first at orders\/\d offset 0\), which the code has from version 2\. Keep those versions/,
  )
  await expect(open(v2, 'log')).resolves.toBeDefined()
})

test('It opens once they are gone from the log', async () => {
  const before = await open(v1, 'gone')
  await before.publish(v1, { total: 1 })
  await (await open(v2, 'gone')).publish(v2, { sum: 2 })
  await expect(open(onlyV2, 'gone')).rejects.toThrow('version_uncovered')
  for (const { partition, end } of (await before.admin.topics())[0]?.bounds ?? [])
    await before.admin.truncate('orders', partition, end)
  await expect(open(onlyV2, 'gone')).resolves.toBeDefined()
})

test('An event among dead letters counts until it is finished', async () => {
  const bus = await open(v1, 'letters')
  const failing = bus.group('billing', { start: 'start', retry: { attempts: 1 } }).on(v1, () => {
    throw new Error('no')
  })
  await bus.publish(v1, { total: 1 })
  await failing.caughtUp()
  await failing.stop()
  for (const { partition, end } of (await bus.admin.topics())[0]?.bounds ?? [])
    await bus.admin.truncate('orders', partition, end)
  await expect(open(onlyV2, 'letters')).rejects.toThrow(
    /version 1 of com\.example\.orders\.created \(1 found, the first at dead letter billing\/orders\/\d\/0\)/,
  )
  const [letter] = (await bus.deadLetters.list()).entries
  await bus.deadLetters.discard(letter?.id ?? '', 'not needed')
  await expect(open(onlyV2, 'letters')).resolves.toBeDefined()
})

const read = (): Promise<never> => Promise.reject(new Error('It was read.'))

test('Where every version is there from the first, nothing is read', async () => {
  const { admin, deadLetters } = await open(v1, 'read')
  const kept = { admin: { topics: () => admin.topics(), read }, deadLetters }
  await (await open(v1, 'read')).publish(v1, { total: 1 })
  await expect(checkCoverage(catalogOf(v2), kept)).resolves.toBeUndefined()
  await expect(checkCoverage(catalogOf(onlyV2), kept)).rejects.toThrow('It was read.')
})

test('It reads no more than the oldest events of each partition', async () => {
  const asked: number[] = []
  const bounds = [0, 1].map((partition) => ({
    topic: 'orders',
    partition,
    begin: 0,
    end: 10_000_000,
    bytes: 0,
  }))
  const retention = { ageMs: undefined, bytes: undefined }
  const topics = [{ name: 'orders', partitions: 2, retention, bounds }]
  const readAll: typeof engine.admin.read = (topic, partition, from, { maxRecords }) => {
    asked.push(maxRecords)
    const record = { topic, partition, appendedAt: 0, encoded: '{}' }
    return Promise.resolve(Array.from({ length: maxRecords }, (_, at) => ({ ...record, offset: from + at })))
  }
  const { deadLetters } = engine
  await checkCoverage(catalogOf(onlyV2), {
    admin: { topics: () => Promise.resolve(topics), read: readAll },
    deadLetters,
  })
  expect(asked.reduce((all, count) => all + count, 0)).toBe(limits.coverageEvents)
})
