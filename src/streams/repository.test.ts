import { describe, expect, test } from 'vitest'
import { all, Order, opened, orderStream } from './orders.fixture.ts'

describe('An aggregate', () => {
  test('is loaded from its events and saved with what it raised', async () => {
    const { streams } = opened()
    const orders = streams.repository(orderStream, Order)
    const fresh = await orders.load('7')
    expect([fresh.version, fresh.status]).toEqual([0, 'none'])
    fresh.place(1_000)
    fresh.pay('p1')
    expect(fresh.version).toBe(0)
    await orders.save(fresh)
    expect(fresh.version).toBe(2)
    fresh.pay('p2')
    await orders.save(fresh)
    await orders.save(fresh)
    const loaded = await orders.load('7')
    expect([loaded.version, loaded.status, loaded.payments]).toEqual([3, 'paid', ['p1', 'p2']])
  })

  test('takes its events in as they are read again', async () => {
    const { streams, clock } = opened()
    const orders = streams.repository(orderStream, Order)
    const fresh = await orders.load('7')
    fresh.place(1_000, '2018-03-01T00:00:00Z')
    await clock.advance(5_000)
    fresh.pay('p1')
    await orders.save(fresh)
    expect((await orders.load('7')).seen).toEqual(fresh.seen)
    expect(fresh.seen.map((each) => each.split(' ')[1])).toEqual([
      '2018-03-01T00:00:00Z',
      '2026-01-01T00:00:05.000Z',
    ])
  })

  test('saved by two repositories is saved by the first alone', async () => {
    const { streams, store } = opened()
    const [ours, theirs] = [streams, opened(store).streams].map((each) => each.repository(orderStream, Order))
    const first = await ours!.load('7')
    const second = await theirs!.load('7')
    first.place(1_000)
    second.place(2_000)
    await ours!.save(first)
    await expect(theirs!.save(second)).rejects.toMatchObject({
      code: 'expected_version',
      details: { expected: 0, actual: 1 },
    })
    expect((await all(streams.read(orderStream, '7'))).length).toBe(1)
  })

  test('saved again after an answer that was lost is saved once', async () => {
    const { streams, store } = opened()
    const orders = streams.repository(orderStream, Order)
    let isLost = false
    const append = store.append.bind(store)
    store.append = async (...given) => {
      const appended = await append(...given)
      if (isLost) return appended
      isLost = true
      throw new Error('connection lost')
    }
    const fresh = await orders.load('7')
    fresh.place(1_000)
    await expect(orders.save(fresh)).rejects.toThrow('connection lost')
    await orders.save(fresh)
    expect([fresh.version, (await orders.load('7')).version]).toEqual([1, 1])
  })

  test('keeps what it raised while it was being saved', async () => {
    const { streams } = opened()
    const orders = streams.repository(orderStream, Order)
    const fresh = await orders.load('7')
    fresh.place(1_000)
    const saving = orders.save(fresh)
    fresh.pay('p1')
    await saving
    expect(fresh.version).toBe(1)
    await orders.save(fresh)
    expect((await orders.load('7')).version).toBe(2)
  })

  test('saved again while it is being saved loses nothing that it raises', async () => {
    const { streams, store } = opened()
    const orders = streams.repository(orderStream, Order)
    const fresh = await orders.load('7')
    fresh.place(1_000)
    const both = [orders.save(fresh), orders.save(fresh)]
    fresh.pay('p1')
    both.push(orders.save(fresh))
    await Promise.all(both)
    expect([fresh.version, (await orders.load('7')).payments]).toEqual([2, ['p1']])
    fresh.pay('p2')
    store.append = () => Promise.reject(new Error('connection lost'))
    const failed = await Promise.allSettled([orders.save(fresh), orders.save(fresh)])
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })

  test('made with new says where to get it', () => {
    expect(() => new Order('7').place(1)).toThrow(
      /^definition_invalid: This Order was made with new.*repository\.load\("7"\)/,
    )
  })

  test.each([{}, undefined, 'order-7'])('is what is saved, and not %j', async (given) => {
    const { streams } = opened()
    const saving = streams.repository(orderStream, Order).save(given as never)
    await expect(saving).rejects.toThrow(
      /^option_invalid: The repository of order got .* to save. Give an aggregate that it has loaded/,
    )
  })

  test('raises nothing that its stream does not have, or with data that is wrong', async () => {
    const { streams } = opened()
    const fresh = await streams.repository(orderStream, Order).load('7')
    expect(() => fresh.place(0.5)).toThrow(/^data_invalid/)
    expect(fresh.status).toBe('none')
  })
})

const asynchronous: () => unknown = async () => undefined

describe('An update', () => {
  test('loads, runs the command and saves, again when others were faster', async () => {
    const { streams, store } = opened()
    const orders = streams.repository(orderStream, Order)
    const others = opened(store)
    await opened(store)
      .streams.repository(orderStream, Order)
      .update('7', (order) => order.place(1_000))
    let runs = 0
    const updated = await Promise.all([
      orders.update('7', (order) => {
        runs += 1
        order.pay('a')
      }),
      others.streams.repository(orderStream, Order).update('7', (order) => {
        runs += 1
        order.pay('b')
      }),
      ...Array.from({ length: 50 }, () => others.clock.advance(50)),
      ...Array.from({ length: 50 }, () => Promise.resolve()),
    ])
    expect(runs).toBe(3)
    expect(updated.slice(0, 2).map((order) => (order as Order).version)).toEqual(
      expect.arrayContaining([2, 3]),
    )
  })

  test('saves nothing when the command refuses or is asynchronous', async () => {
    const { streams, store } = opened()
    const orders = streams.repository(orderStream, Order)
    await expect(orders.update('7', (order) => order.pay('p1'))).rejects.toThrow('There is no such order.')
    await expect(orders.update('7', asynchronous)).rejects.toThrow(
      /^option_invalid: The command for stream "order-7" returned a Promise/,
    )
    expect(await store.countAll({ after: undefined })).toBe(0)
  })

  test('is made once for an idempotency key, with the time that it names', async () => {
    const { streams } = opened()
    const orders = streams.repository(orderStream, Order)
    const command = { idempotencyKey: 'd1', time: '2018-03-01T00:00:00Z', causedBy: { id: 'e1' } }
    await orders.update('7', (order) => order.place(1_000), command)
    const again = await orders.update('7', (order) => order.place(1_000), command)
    expect(again.version).toBe(1)
    const [first] = await all(streams.read(orderStream, '7'))
    expect(first?.event).toMatchObject({
      time: '2018-03-01T00:00:00Z',
      causationid: 'e1',
      correlationid: 'e1',
    })
  })
})
