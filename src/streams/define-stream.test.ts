import { describe, expect, test } from 'vitest'
import { defineEvent } from '../catalog/index.ts'
import { jsonSchema } from '../schema/index.ts'
import { defineStream, openStreams, type StreamEvent } from './index.ts'
import { all, opened, order, orderStream, placed } from './orders.fixture.ts'

/** An event as another version of the service has written it. */
function written(id: string, type: string, version: number, data: unknown): StreamEvent {
  const body = JSON.stringify({
    specversion: '1.0',
    id,
    source: '/orders',
    type,
    time: '2026-01-01T00:00:00Z',
    dataschema: `tidings:schemas/${type}/${version}`,
    data,
  })
  return { id, type, timeMs: 0, body }
}

async function withEvents(events: readonly StreamEvent[]): Promise<ReturnType<typeof opened>['streams']> {
  const { store, streams } = opened()
  await store.append({ name: 'order', id: '7' }, events, { expected: 'any' })
  return streams
}

describe('A stream', () => {
  test('has a name, and each event once', () => {
    expect(() => defineStream('Order stream', { events: [placed] })).toThrow(/^name_invalid/)
    expect(() => defineStream('order', { events: [] })).toThrow(/^definition_invalid: .*no events/)
    expect(() => defineStream('order', { events: [placed, placed] })).toThrow(
      /^definition_invalid: The stream order has order.placed twice/,
    )
  })

  test('takes only its own events', async () => {
    const { streams } = opened()
    const other = defineEvent('order.plcaed').version(1, jsonSchema<{ cents: number }>({}))
    const append = streams.append(orderStream, '7', [other.create({ cents: 1 })] as never, {
      expected: 'any',
    })
    await expect(append).rejects.toThrow(
      'type_unknown: The stream order has no event of type "order.plcaed". Did you mean order.placed?',
    )
    await expect(streams.append(orderStream, '7', ['placed'] as never, { expected: 'any' })).rejects.toThrow(
      'option_invalid: The stream order got "placed" as an event.',
    )
  })

  test('brings an old event to its newest version before anything sees it', async () => {
    const streams = await withEvents([written('a', 'order.placed', 1, { total: 12 })])
    expect((await streams.load(order, '7')).state.cents).toBe(1_200)
    const [first] = await all(streams.read(orderStream, '7'))
    expect(first).toMatchObject({ version: 2, event: { data: { cents: 1_200 } } })
  })

  test.each([
    [
      'order.paid',
      1,
      { paymentId: 7 },
      /^data_invalid: Stream "order-7", version 1: .*version 1.*\/paymentId/,
    ],
    ['order.placed', 3, { pounds: 7 }, /^version_newer: Stream "order-7", version 1: .*version 3/],
    ['order.shipped', 1, {}, /^type_unknown: The stream order has no event of type "order.shipped"/],
  ])(
    'says where an event is that the code cannot read: %s in version %i',
    async (type, version, data, says) => {
      const streams = await withEvents([written('a', type, version, data)])
      await expect(streams.load(order, '7')).rejects.toThrow(says)
    },
  )

  test('reads an event newer than the code whose data fits', async () => {
    const streams = await withEvents([written('a', 'order.placed', 3, { cents: 7, more: true })])
    expect((await streams.load(order, '7')).state.cents).toBe(7)
  })
})

describe("An upcaster of a stream's event", () => {
  const first = jsonSchema<{ a: number }>({})
  const second = jsonSchema<{ b: number }>({ properties: { b: { type: 'number' } }, required: ['b'] })
  const streamWith = (upcast: (data: { a: number }) => { b: number }) =>
    defineStream('order', {
      events: [defineEvent('order.counted').version(1, first).version(2, second, upcast)],
    })

  const load = async (stream: ReturnType<typeof streamWith>): Promise<unknown> => {
    const streams = await withEvents([written('a', 'order.counted', 1, { a: 1 })])
    return all(streams.read(stream, '7'))
  }

  test('that throws is named with its version and the place of the event', async () => {
    const broken = streamWith(() => {
      throw new Error('no b')
    })
    await expect(load(broken)).rejects.toThrow(
      'upcast_failed: Stream "order-7", version 1: The upcaster of order.counted from version 1 to 2 failed: no b',
    )
  })

  test('that returns the wrong shape is named with its version and the path', async () => {
    await expect(load(streamWith(() => ({ b: 'one' }) as never))).rejects.toMatchObject({
      code: 'data_invalid',
      message: expect.stringMatching(
        /Stream "order-7", version 1: What the upcasters of order.counted made of version 1 .*\/b/,
      ),
      details: { issues: [{ path: '/b' }] },
    })
  })

  test.each([
    ['fulfilled', () => Promise.resolve({ b: 1 })],
    ['rejected', () => Promise.reject(new Error('offline'))],
  ])('that returns a Promise, %s, is refused by name', async (_what, upcast) => {
    await expect(load(streamWith(upcast as never))).rejects.toThrow(
      /^upcast_async: Stream "order-7", version 1: An upcaster of order.counted from version 1 on returned a Promise/,
    )
  })
})

describe('A decider', () => {
  test('has its functions, and nothing that nobody reads', () => {
    const functions = { initialState: 0, decide: () => undefined, evolve: (state: number) => state }
    expect(() => orderStream.decider({ ...functions, evolv: 1 } as never)).toThrow(/Did you mean evolve\?/)
    expect(() => orderStream.decider({ ...functions, decide: undefined } as never)).toThrow(
      'option_invalid: The decider of order has undefined as decide. Give a function.',
    )
  })

  test('is opened on a store, with the source of its service', () => {
    expect(() => openStreams({ store: Promise.resolve(), source: '/a' } as never)).toThrow(
      /^option_invalid: openStreams got a Promise as store. Await it/,
    )
    expect(() => openStreams({ store: opened().store, source: '' })).toThrow(
      /^option_invalid: openStreams got a source that/,
    )
    expect(() => openStreams({ store: opened().store, source: '/a', sorce: 1 } as never)).toThrow(
      /Did you mean source\?/,
    )
  })
})
