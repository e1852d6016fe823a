import { describe, expect, test } from 'vitest'
import { limits } from '../kernel/index.ts'
import { all, Order, opened, order, orderStream, paid, placed } from './orders.fixture.ts'

const day = (number: number): string => `2018-03-0${number}T00:00:00Z`

/** Placed on the 1st, paid on the 3rd, the 2nd and the 5th. */
async function filled(): Promise<ReturnType<typeof opened>> {
  const opens = opened()
  await opens.streams.append(
    orderStream,
    '7',
    [
      placed.create({ cents: 1 }, { time: day(1) }),
      paid.create({ paymentId: 'a' }, { time: day(3) }),
      paid.create({ paymentId: 'b' }, { time: day(2) }),
      paid.create({ paymentId: 'c' }, { time: day(5) }),
    ],
    { expected: 'empty' },
  )
  return opens
}

describe('Reading a stream', () => {
  test.each([
    [{}, [1, 2, 3, 4]],
    [{ direction: 'backward' }, [4, 3, 2, 1]],
    [{ from: 3 }, [3, 4]],
    [{ direction: 'backward', from: 3 }, [3, 2, 1]],
    [{ version: 2 }, [1, 2]],
    [{ direction: 'backward', version: 2 }, [2, 1]],
    [{ asOf: day(2) }, [1]],
    [{ asOf: day(3) }, [1, 2, 3]],
    [{ asOf: '2018-03-03' }, [1, 2, 3]],
    [{ asOf: new Date(day(1)), direction: 'backward' }, [1]],
    [{ asOf: day(4), direction: 'backward' }, [3, 2, 1]],
    [{ asOf: day(4), from: 2 }, [2, 3]],
    [{ asOf: '2018-02-28T23:59:59.999Z' }, []],
    [{ version: 0 }, []],
  ] as const)('with %j gives the versions %j', async (options, versions) => {
    const { streams } = await filled()
    const events = await all(streams.read(orderStream, '7', options))
    expect(events.map(({ streamVersion }) => streamVersion)).toEqual(versions)
  })

  test.each([
    [{ asOf: 'soon' }],
    [{ version: -1 }],
    [{ version: 1.5 }],
    [{ form: 1 }],
    [{ from: -1 }],
    [{ from: 1.5 }],
    [{ direction: 'up' }],
  ])('with %j is refused', async (options) => {
    const { streams } = await filled()
    await expect(all(streams.read(orderStream, '7', options as object))).rejects.toThrow(/^option_invalid/)
  })

  test('goes through as many pages as there are', async () => {
    const { streams } = opened()
    const count = limits.streamPage * 2 + 1
    for (let from = 0; from < count; from += limits.streamAppendEvents) {
      const length = Math.min(limits.streamAppendEvents, count - from)
      const events = Array.from({ length }, () => placed.create({ cents: 1 }))
      await streams.append(orderStream, '7', events, { expected: from })
    }
    const versions = Array.from({ length: count }, (_, index) => index + 1)
    const forward = await all(streams.read(orderStream, '7'))
    expect(forward.map(({ streamVersion }) => streamVersion)).toEqual(versions)
    const backward = await all(streams.read(orderStream, '7', { direction: 'backward' }))
    expect(backward.map(({ streamVersion }) => streamVersion)).toEqual(versions.toReversed())
    expect((await all(streams.readAll([orderStream]))).length).toBe(count)
    expect((await streams.load(order, '7')).version).toBe(count)
  })

  test('of all streams is in commit order, from any position on', async () => {
    const { streams } = await filled()
    await streams.append(orderStream, '8', [placed.create({ cents: 2 })], { expected: 'empty' })
    const events = await all(streams.readAll([orderStream]))
    expect(events.map(({ stream, streamVersion }) => `${stream.id}@${streamVersion}`)).toEqual([
      '7@1',
      '7@2',
      '7@3',
      '7@4',
      '8@1',
    ])
    const rest = await all(streams.readAll([orderStream], { after: events[3]?.position }))
    expect(rest.map(({ stream }) => stream.id)).toEqual(['8'])
  })
})

describe('Time travel', () => {
  test('gives the state at a version, or as of a time', async () => {
    const { streams } = await filled()
    expect((await streams.load(order, '7', { version: 1 })).state.status).toBe('open')
    expect(await streams.load(order, '7', { asOf: day(4) })).toMatchObject({
      version: 3,
      state: { payments: ['a', 'b'] },
    })
    expect(await streams.load(order, '7', { asOf: '2017-01-01' })).toMatchObject({ version: 0 })
    const loaded = await streams.repository(orderStream, Order).load('7', { asOf: day(2) })
    expect([loaded.version, loaded.status]).toEqual([1, 'open'])
  })

  test('changes nothing: what was loaded from the past cannot be saved over the present', async () => {
    const { streams } = await filled()
    const orders = streams.repository(orderStream, Order)
    const loaded = await orders.load('7', { version: 2 })
    loaded.pay('late')
    await expect(orders.save(loaded)).rejects.toThrow('stream "order-7" is at version 4, not 2.')
  })

  test('hides what was appended after a clock was set back until the time before it is reached', async () => {
    const { streams, clock } = opened()
    await clock.advance(60_000)
    await streams.execute(order, '7', { type: 'place', cents: 1 })
    clock.jump(-30_000)
    await streams.execute(order, '7', { type: 'pay', paymentId: 'a' })
    const versionAt = async (asOf: string) => (await streams.load(order, '7', { asOf })).version
    expect(await versionAt('2026-01-01T00:00:45Z')).toBe(0)
    expect(await versionAt('2026-01-01T00:01:00Z')).toBe(2)
  })

  test('of a stream whose beginning was deleted says what is missing', async () => {
    const { streams, store } = await filled()
    await store.truncate({ name: 'order', id: '7' }, 3)
    await expect(streams.load(order, '7')).rejects.toThrow(
      'stream_truncated: Stream "order-7" has no version 1, the next one left is 3',
    )
  })
})
