import { describe, expect, test } from 'vitest'
import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { openBus } from '../bus/index.ts'
import { limits, seededRandom } from '../kernel/index.ts'
import { jsonSchema } from '../schema/index.ts'
import { settle, VirtualClock } from '../testing/index.ts'
import { openDatabase } from './database.ts'
import { sqlite, sqliteStreams } from './index.ts'
import { commitsIn, folder } from './sqlite.fixture.ts'

const order7 = { name: 'order', id: '7' }
const event = (id: string) => ({ id, type: 'happened', timeMs: 1, body: `{"id":"${id}"}` })
const any = { expected: 'any' } as const

describe('Streams in a SQLite file', () => {
  test('are there after it was closed and opened again', async () => {
    using files = folder()
    const first = sqliteStreams(files.file())
    await first.append(order7, [event('a')], { expected: 'empty' })
    await first.close()
    await first.close()
    const again = sqliteStreams(files.file())
    expect((await again.read(order7, { limit: 1 }))[0]?.id).toBe('a')
    await again.close()
    await expect(again.append(order7, [event('b')], any)).rejects.toThrow(/^engine_closed/)
    await expect(again.read(order7, { limit: 1 })).rejects.toThrow(/^engine_closed/)
  })

  test('of two connections meet at the version', async () => {
    using files = folder()
    const [ours, theirs] = [sqliteStreams(files.file()), sqliteStreams(files.file())]
    await ours.append(order7, [event('a')], { expected: 'empty' })
    await expect(theirs.append(order7, [event('b')], { expected: 'empty' })).rejects.toThrow(
      'expected_version: stream "order-7" is at version 1, not empty.',
    )
    expect((await theirs.append(order7, [event('a')], { expected: 'empty' })).written).toBe(false)
    await Promise.all([ours.close(), theirs.close()])
  })

  test('share one commit among the appends of one turn', async () => {
    using files = folder()
    const database = openDatabase(files.file())
    const store = sqliteStreams(database)
    const before = commitsIn(files.file())
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        store.append({ name: 'order', id: `${index}` }, [event(`${index}`)], any),
      ),
    )
    expect(commitsIn(files.file()) - before).toBe(1)
    await store.close()
    database.close()
  })

  test('tell who watches of appends by another connection', async () => {
    using files = folder()
    const clock = new VirtualClock()
    const [ours, theirs] = [sqliteStreams(files.file(), { clock }), sqliteStreams(files.file(), { clock })]
    let told = 0
    ours.watch(() => (told += 1))
    await theirs.append(order7, [event('a')], any)
    await settle()
    expect(told).toBe(0)
    await clock.advance(limits.pollMs)
    expect(told).toBe(1)
    await Promise.all([ours.close(), theirs.close()])
  })

  test('refuse what goes with an append when it is asynchronous', async () => {
    using files = folder()
    const store = sqliteStreams(files.file())
    const within = (async () => undefined) as never
    await expect(store.append(order7, [event('a')], { expected: 'any', within })).rejects.toThrow(
      /^transaction_async: The function given to within returned a Promise/,
    )
    expect(await store.read(order7, { limit: 1 })).toEqual([])
    await store.close()
  })

  test('find out when an event is not what was appended', async () => {
    using files = folder()
    const database = openDatabase(files.file())
    const store = sqliteStreams(database)
    await store.append(order7, [event('a'), event('b')], any)
    database.exec(`UPDATE tidings_stream_event SET body = '{"id":"c"}' WHERE version = 2`)
    await expect(store.read(order7, { limit: 2 })).rejects.toThrow(
      'record_corrupt: The event at version 2 of stream "order-7" is not what was appended.',
    )
    expect(await store.read(order7, { limit: 1 })).toHaveLength(1)
    await store.close()
    database.close()
  })

  test('know positions of their own alone', async () => {
    using files = folder()
    const store = sqliteStreams(files.file())
    await expect(store.readAll({ after: 'soon', limit: 1 })).rejects.toThrow(/^option_invalid/)
    await store.close()
  })

  test('are beside a log in the same file: an append and a publish commit together', async () => {
    using files = folder()
    const engine = await sqlite(files.file(), { clock: new VirtualClock(), random: seededRandom(1) })
    const told = defineEvent('order.told').version(1, jsonSchema<{ id: string }>({}))
    const catalog = defineCatalog([defineTopic('orders', { partitions: 1, events: [told] })])
    await using bus = await openBus({ transport: engine, source: '/orders', catalog, drainOn: false })
    const streams = engine.streams()
    await streams.append(order7, [event('a')], {
      expected: 'empty',
      within: (tx) => bus.publish(told, { id: 'a' }, { tx }),
    })
    const failing = streams.append(order7, [event('b')], {
      expected: 1,
      within(tx) {
        bus.publish(told, { id: 'b' }, { tx })
        throw new Error('no')
      },
    })
    await expect(failing).rejects.toThrow('no')
    const [topic] = await bus.admin.topics()
    expect(topic?.bounds.map(({ end }) => end)).toEqual([1])
    expect((await streams.read(order7, { limit: 9 })).map(({ id }) => id)).toEqual(['a'])
  })
})
