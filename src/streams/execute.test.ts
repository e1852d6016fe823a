import { describe, expect, test } from 'vitest'
import { limits } from '../kernel/index.ts'
import { all, type OrderCommand, opened, order, orderStream, paid, placed } from './orders.fixture.ts'

const place: OrderCommand = { type: 'place', cents: 1_000 }
const pay: OrderCommand = { type: 'pay', paymentId: 'p1' }

describe('A command', () => {
  test('is decided on the state of its stream, and its events are appended', async () => {
    const { streams, clock } = opened()
    expect(await streams.execute(order, '7', place)).toEqual({ status: 'open', cents: 1_000, payments: [] })
    await clock.advance(1_000)
    expect((await streams.execute(order, '7', pay)).status).toBe('paid')
    const events = await all(streams.read(orderStream, '7'))
    expect(events.map(({ event, streamVersion }) => [streamVersion, event.type, event.data])).toEqual([
      [1, 'order.placed', { cents: 1_000 }],
      [2, 'order.paid', { paymentId: 'p1' }],
    ])
    expect(events.map(({ event }) => event.time)).toEqual([
      '2026-01-01T00:00:00.000Z',
      '2026-01-01T00:00:01.000Z',
    ])
    expect(events[0]?.event).toMatchObject({
      source: '/orders',
      subject: 'order-7',
      dataschema: 'tidings:schemas/order.placed/2',
    })
  })

  test('that is refused appends nothing, and says what decide threw', async () => {
    const { streams, store } = opened()
    await expect(streams.execute(order, '7', pay)).rejects.toThrow('There is no such order.')
    expect(await store.countAll({ after: undefined })).toBe(0)
  })

  test('that makes no event leaves the stream as it is', async () => {
    const { streams, store } = opened()
    expect((await streams.execute(order, '7', { type: 'look' })).status).toBe('none')
    expect(await store.countAll({ after: undefined })).toBe(0)
  })

  test('that makes data its event does not allow appends nothing', async () => {
    const { streams, store } = opened()
    await expect(streams.execute(order, '7', { type: 'place', cents: 0.5 })).rejects.toThrow(
      /^data_invalid: .*version 2 of order.placed.*\/cents/,
    )
    expect(await store.countAll({ after: undefined })).toBe(0)
  })

  test('gives its events the time that it names', async () => {
    const { streams } = opened()
    await streams.execute(order, '7', place, { time: '2018-03-01T10:00:00+01:00' })
    await streams.execute(order, '7', pay, { time: new Date('2018-03-02T00:00:00Z') })
    const times = (await all(streams.read(orderStream, '7'))).map(({ event }) => event.time)
    expect(times).toEqual(['2018-03-01T10:00:00+01:00', '2018-03-02T00:00:00.000Z'])
    const imported = [
      placed.create({ cents: 1 }),
      { ...paid.create({ paymentId: 'p' }), time: '2018-03-04T00:00:00Z' },
    ]
    await streams.append(orderStream, '8', imported, { expected: 'empty', time: '2018-03-03' })
    const appended = (await all(streams.read(orderStream, '8'))).map(({ event }) => event.time)
    expect(appended).toEqual(['2018-03-03T00:00:00.000Z', '2018-03-04T00:00:00Z'])
  })

  test.each([
    ['time', { time: 'yesterday' }],
    ['idempotencyKey', { idempotencyKey: '' }],
    ['causedBy', { causedBy: { id: '' } }],
    ['tmie', { tmie: '2018-03-01T00:00:00Z' }],
  ])('is refused with a wrong option: %s', async (name, options) => {
    const { streams } = opened()
    await expect(streams.execute(order, '7', place, options as object)).rejects.toThrow(
      new RegExp(`^option_invalid: .*${name}`),
    )
  })

  test.each(['', 'a\nb', 'x'.repeat(257)])('is refused for a stream with the id %j', async (id) => {
    const { streams } = opened()
    await expect(streams.execute(order, id, place)).rejects.toThrow(/^name_invalid/)
  })

  test('is carried out once for an idempotency key', async () => {
    const { streams } = opened()
    await streams.execute(order, '7', place)
    await streams.execute(order, '7', pay, { idempotencyKey: 'delivery-1' })
    const again = await streams.execute(order, '7', pay, { idempotencyKey: 'delivery-1' })
    expect(again.payments).toEqual(['p1'])
    await streams.execute(order, '7', pay, { idempotencyKey: 'delivery-2' })
    await streams.execute(order, '8', place, { idempotencyKey: 'delivery-1' })
    expect((await all(streams.readAll([orderStream]))).length).toBe(4)
  })

  test('that was refused before is not done: its key decides again', async () => {
    const { streams } = opened()
    await expect(streams.execute(order, '7', pay, { idempotencyKey: 'd' })).rejects.toThrow()
    await streams.execute(order, '7', place)
    expect((await streams.execute(order, '7', pay, { idempotencyKey: 'd' })).status).toBe('paid')
  })

  test('of two processes with one idempotency key is carried out once', async () => {
    const { streams, store } = opened()
    const other = opened(store).streams
    await streams.execute(order, '7', place)
    await Promise.all([streams, other].map((each) => each.execute(order, '7', pay, { idempotencyKey: 'd' })))
    expect((await streams.load(order, '7')).state.payments).toEqual(['p1'])
  })

  test('carries on the flow of what caused it', async () => {
    const { streams } = opened()
    await streams.execute(order, '7', place)
    await streams.execute(order, '7', pay, { causedBy: { id: 'e1', correlationid: 'c1' } })
    await streams.execute(order, '7', pay, { causedBy: { id: 'e2' } })
    const [first, second, third] = (await all(streams.read(orderStream, '7'))).map(({ event }) => event)
    expect(first?.correlationid).toBe(first?.id)
    expect(first?.causationid).toBeUndefined()
    expect(second).toMatchObject({ correlationid: 'c1', causationid: 'e1' })
    expect(third).toMatchObject({ correlationid: 'e2', causationid: 'e2' })
  })
})

describe('Commands for one stream', () => {
  test('take turns in one process: none is decided in vain', async () => {
    const { streams, store } = opened()
    let decided = 0
    const counting = {
      ...order,
      decide: (...[command, state]: Parameters<typeof order.decide>) => {
        decided += 1
        return order.decide(command, state)
      },
    }
    await streams.execute(counting, '7', place)
    await Promise.all(Array.from({ length: 50 }, () => streams.execute(counting, '7', pay)))
    expect(decided).toBe(51)
    expect((await store.read({ name: 'order', id: '7' }, { limit: 100 })).length).toBe(51)
  })

  test('of sixteen processes all come through, one after the other', async () => {
    const { streams, store } = opened()
    await streams.execute(order, '7', place)
    const contenders = Array.from({ length: 16 }, () => opened(store))
    const running = { over: false }
    const done = Promise.all(
      contenders.map(async (contender, index) => {
        for (let turn = 0; turn < 5; turn++) {
          await contender.streams.execute(order, '7', { type: 'pay', paymentId: `${index}.${turn}` })
        }
      }),
    ).finally(() => (running.over = true))
    while (!running.over) for (const contender of contenders) await contender.clock.advance(10)
    await done
    const { state } = await streams.load(order, '7')
    expect(new Set(state.payments).size).toBe(80)
  })

  test('give up after so many attempts, with both versions', async () => {
    const { streams, store, clock } = opened()
    await streams.execute(order, '7', place)
    let version = 1
    const never = {
      ...order,
      decide: () => {
        version += 1
        // Somebody else is always faster.
        void streams.append(orderStream, '7', [paid.create({ paymentId: `${version}` })], { expected: 'any' })
        return paid.create({ paymentId: 'mine' })
      },
    }
    const refused = expect(streams.execute(never, '7', pay)).rejects.toMatchObject({
      code: 'expected_version',
      details: { expected: limits.executeAttempts, actual: limits.executeAttempts + 1 },
    })
    for (let turn = 0; turn < limits.executeAttempts; turn++)
      await clock.advance(limits.executeLongestBackoffMs)
    await refused
    expect((await store.find('mine')) === undefined).toBe(true)
  })

  test('over the bound of those that wait are refused', async () => {
    const { streams } = opened()
    const waiting = Array.from({ length: limits.executeWaiting + 1 }, () =>
      streams.execute(order, '7', { type: 'look' }),
    )
    const results = await Promise.allSettled(waiting)
    expect(results.filter(({ status }) => status === 'rejected').length).toBe(1)
    expect(results.at(-1)).toMatchObject({ reason: { code: 'limit_exceeded' } })
  })
})

describe('An append', () => {
  test('of many with one event over the limit appends nothing', async () => {
    const { streams, store } = opened()
    const large = { paymentId: 'x'.repeat(limits.eventBytes) }
    await expect(
      streams.append(orderStream, '7', [placed.create({ cents: 1 }), paid.create(large)], {
        expected: 'empty',
      }),
    ).rejects.toThrow(/^event_too_large/)
    expect(await store.countAll({ after: undefined })).toBe(0)
  })

  test.each([-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY])(
    'expected at version %s, where no stream can be, is refused',
    async (expected) => {
      const { streams } = opened()
      await expect(
        streams.append(orderStream, '7', [placed.create({ cents: 1 })], { expected }),
      ).rejects.toThrow(/^option_invalid: A stream cannot be expected at version/)
    },
  )

  test('expected at a huge version says where the stream is', async () => {
    const { streams } = opened()
    await expect(
      streams.append(orderStream, '7', [placed.create({ cents: 1 })], { expected: 10 ** 12 }),
    ).rejects.toThrow('expected_version: stream "order-7" is at version 0, not 1000000000000.')
  })

  test('of more events than the bound is refused', async () => {
    const { streams } = opened()
    const many = Array.from({ length: limits.streamAppendEvents + 1 }, () => placed.create({ cents: 1 }))
    await expect(streams.append(orderStream, '7', many, { expected: 'any' })).rejects.toThrow(
      /^limit_exceeded/,
    )
  })
})
