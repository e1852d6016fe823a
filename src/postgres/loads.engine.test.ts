import { expect, test } from 'vitest'
import { openBus } from '../bus/index.ts'
import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { decodeEvent, encodeJson } from '../event/index.ts'
import { isTidingsError, limits } from '../kernel/index.ts'
import type { OutgoingRecord, StoredRecord } from '../log/index.ts'
import { postgres } from './postgres.ts'
import { describeOnServer, ownSchema } from './server.fixture.ts'

const forever = { ageMs: undefined, bytes: undefined }
const numbered = defineEvent('numbered').version(1, {
  type: 'object',
  properties: { number: { type: 'integer' } },
  required: ['number'],
} as const)
const catalog = defineCatalog([defineTopic('numbers', { partitions: 4, events: [numbered] })])

describeOnServer('The PostgreSQL engine under load', () => {
  test('lists 1,000 topics within a second', { timeout: 120_000 }, async () => {
    await using own = ownSchema()
    const engine = await postgres(own.url)
    const names = Array.from({ length: 1_000 }, (_, index) => `topic-${index}`)
    for (const name of names) await engine.admin.createTopic({ name, partitions: 1, retention: forever })
    const startedMs = performance.now()
    const topics = await engine.admin.topics()
    const elapsedMs = performance.now() - startedMs
    await engine.close()
    expect(topics.map(({ name }) => name).toSorted()).toEqual(names.toSorted())
    expect(topics.every(({ bounds }) => bounds.length === 1)).toBe(true)
    expect(elapsedMs).toBeLessThan(1_000)
  })

  test('takes and delivers events of the largest size, several of them together', async () => {
    await using own = ownSchema()
    const engine = await postgres(own.url)
    await engine.admin.createTopic({ name: 'orders', partitions: 1, retention: forever })
    const records = ['1', '2', '3'].map(largest)
    await engine.publish(records, { tx: undefined })
    const subscription = await engine.subscribe({
      group: 'billing',
      member: 'one',
      topics: ['orders'],
      start: 'start',
      rewind: 'allowed',
      sessionTimeoutMs: 10_000,
      heartbeatEveryMs: 3_000,
      blockedMs: 60_000,
      fetch: { maxRecords: 100, maxBytes: 1_000_000 },
    })
    const read: StoredRecord[] = []
    for await (const batch of subscription) if (read.push(...batch.records) === records.length) break
    expect(read.map(({ encoded }) => decodeEvent(encoded))).toEqual(records.map(({ event }) => event))
    const [first] = records
    if (first === undefined) throw new Error('There is one.')
    const larger = { ...first, event: { ...first.event, data: `${String(first.event.data)}x` } }
    await expect(async () => engine.publish([larger], { tx: undefined })).rejects.toSatisfy((error) =>
      isTidingsError(error, 'event_too_large'),
    )
    await engine.close()
  })

  test('does not let a group that handles slowly hold up another', async () => {
    await using own = ownSchema()
    const transport = await postgres(own.url)
    await using bus = await openBus({ transport, source: '/a', catalog, drainOn: false })
    const release = Promise.withResolvers<void>()
    const slow = bus.group('slow', { start: 'start', concurrency: 1 }).on(numbered, () => release.promise)
    const quick = bus.group('quick', { start: 'start' })
    const handled = new Set<number>()
    quick.on(numbered, ({ event }) => void handled.add(event.data.number))
    const running = [slow.run(), quick.run()]
    await Promise.all([slow.joined(), quick.joined()])
    const numbers = Array.from({ length: 5_000 }, (_, number) => numbered.create({ number }))
    for (let from = 0; from < numbers.length; from += 500)
      await bus.publishAll(numbers.slice(from, from + 500))
    await expect.poll(() => handled.size, { timeout: 20_000 }).toBe(numbers.length)
    const lag = await bus.admin.lag('slow')
    expect(lag.reduce((sum, each) => sum + each.lag, 0)).toBe(numbers.length)
    release.resolve()
    await Promise.all([slow.stop(), quick.stop()])
    await Promise.all(running)
  })
})

/** A record whose event is as large as one may be. */
function largest(id: string): OutgoingRecord {
  const event = { specversion: '1.0', id, source: '/a', type: 'a', data: '' } as const
  const data = 'x'.repeat(limits.eventBytes - encodeJson(event).length)
  return { topic: 'orders', partition: 0, event: { ...event, data }, notBefore: undefined }
}
