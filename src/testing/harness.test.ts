import { type CloudEvent, defineCatalog, defineEvent, defineTopic } from 'tidings'
import { memoryOutbox, memoryTransaction } from 'tidings/memory'
import { given, harness, VirtualClock } from 'tidings/testing'
import { describe, expect, test } from 'vitest'
import { sleep } from '../kernel/index.ts'

const schema = { type: 'object', properties: { orderId: { type: 'string' } }, required: ['orderId'] } as const
const placed = defineEvent('com.example.orders.placed')
  .version(1, schema)
  .subject((data) => data.orderId)
const billed = defineEvent('com.example.billing.billed')
  .version(1, { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } as const)
  .version(2, schema, ({ id }) => ({ orderId: id }))
const catalog = defineCatalog([
  defineTopic('orders', { events: [placed] }),
  defineTopic('billing', { events: [billed] }),
])

const subjectsOf = (reports: readonly { readonly event: CloudEvent | undefined }[]): unknown[] =>
  reports.map(({ event }) => event?.subject)

describe('A harness', () => {
  test('settles when all groups have handled what was published, also by handlers', async () => {
    const notified: string[] = []
    await using shop = await harness({
      catalog,
      groups: (bus) => [
        bus.group('billing').on(placed, ({ event }) => bus.publish(billed, { orderId: event.data.orderId })),
        bus.group('notifications').on(billed, ({ event }) => notified.push(event.data.orderId)),
      ],
    })
    await shop.publish(placed, { orderId: '1' })
    await shop.publishAll([placed.create({ orderId: '2' })])
    await shop.settled()
    expect(notified.toSorted()).toEqual(['1', '2'])
    expect(shop.handled.map(({ group }) => group).toSorted()).toEqual([
      'billing',
      'billing',
      'notifications',
      'notifications',
    ])
    const events = await shop.published(billed)
    expect(events.map(({ data }) => data.orderId).toSorted()).toEqual(['1', '2'])
  })

  test('settles when its outboxes are empty, too, and what came through them is handled', async () => {
    const clock = new VirtualClock()
    const store = memoryOutbox({ clock })
    const notified: string[] = []
    await using shop = await harness({
      catalog,
      clock,
      groups: (bus) => {
        const outbox = bus.outbox(store)
        return [
          bus.group('billing').on(placed, ({ event: { data } }) => {
            memoryTransaction((tx) => outbox.publish(tx, billed, data))
          }),
          bus.group('notifications').on(billed, ({ event }) => notified.push(event.data.orderId)),
        ]
      },
    })
    const outbox = shop.bus.outbox(store)
    memoryTransaction((tx) => outbox.publish(tx, placed, { orderId: '1' }))
    await shop.settled()
    expect(notified).toEqual(['1'])
    expect(await store.figures()).toMatchObject({ pending: 0 })
  })

  test('says what waits in its outboxes when it does not settle', async () => {
    const clock = new VirtualClock()
    const store = memoryOutbox({ clock })
    store.claim = async () => []
    await using shop = await harness({ catalog, clock, settleWithin: '1m' })
    const outbox = shop.bus.outbox(store)
    memoryTransaction((tx) => outbox.publish(tx, placed, { orderId: '1' }))
    await expect(shop.settled()).rejects.toThrow(/^limit_exceeded: .*the relay \(1 in outboxes\)/)
  })

  test('runs through retries in virtual time, to the end or to a dead letter', async () => {
    await using shop = await harness({
      catalog,
      groups: (bus) => [
        bus.group('billing').on(placed, ({ event, attempt }) => {
          if (event.data.orderId === 'never' || attempt < 3) throw new Error('No card.')
        }),
      ],
    })
    const startMs = shop.clock.now()
    await shop.publish(placed, { orderId: 'third time' })
    await shop.publish(placed, { orderId: 'never' })
    await shop.settled()
    expect(subjectsOf(shop.handled)).toEqual(['third time'])
    expect(shop.failed).toHaveLength(2 + 5)
    expect(await shop.deadLetters()).toMatchObject([{ state: 'dead', attempts: 5, key: 'never' }])
    expect(shop.clock.now() - startMs).toBeLessThan(60_000)
  })

  test('delivers what is published for later once time was moved there', async () => {
    await using shop = await harness({
      catalog,
      groups: (bus) => [bus.group('billing').on(placed, () => undefined)],
    })
    const notBefore = new Date(shop.clock.now() + 3_600_000)
    await shop.publish(placed, { orderId: '1' }, { notBefore })
    await shop.settled()
    expect(shop.handled).toEqual([])
    await shop.advance('1h')
    await shop.settled()
    expect(subjectsOf(shop.handled)).toEqual(['1'])
  })

  test('waits for handlers that wait on its clock', async () => {
    const clock = new VirtualClock()
    await using shop = await harness({
      catalog,
      clock,
      groups: (bus) => [bus.group('billing').on(placed, () => sleep(clock, 10_000))],
    })
    await shop.publish(placed, { orderId: '1' })
    await shop.settled()
    expect(shop.handled).toMatchObject([{ tookMs: 10_000 }])
  })

  test('says which group never catches up', async () => {
    await using shop = await harness({
      catalog,
      settleWithin: '1m',
      groups: (bus) => [
        bus.group('billing', { handlerTimeout: '1h' }).on(placed, () => new Promise(() => undefined)),
      ],
    })
    await shop.publish(placed, { orderId: '1' })
    await expect(shop.settled()).rejects.toThrow(/^limit_exceeded: In 1 m .*"billing" \(1 to go\)/)
  })

  test('settles at once without groups', async () => {
    await using shop = await harness({ catalog })
    await shop.publish(placed, { orderId: '1' })
    await shop.settled()
    expect(await shop.published(placed)).toMatchObject([{ source: '/test', data: { orderId: '1' } }])
  })
})

describe('Given events, when a handler gets them, then', () => {
  test('is what it published', async () => {
    await given(catalog, [placed.create({ orderId: '1' })])
      .when(placed, ({ event }, publisher) => publisher.publish(billed, { orderId: event.data.orderId }))
      .then(({ published, error }) =>
        expect([published, error]).toMatchObject([
          [{ type: billed.type, data: { orderId: '1' } }],
          undefined,
        ]),
      )
  })

  test('is what it threw, after one attempt', async () => {
    const { failed, handled, error } = await given(catalog, [
      placed.create({ orderId: 'bad' }),
      placed.create({ orderId: 'good' }),
    ]).when(placed, ({ event }) => {
      if (event.data.orderId === 'bad') throw new Error('No card.')
    })
    expect([subjectsOf(failed), subjectsOf(handled), error?.message]).toEqual([['bad'], ['good'], 'No card.'])
  })

  test('is about the newest version, whatever was given', async () => {
    const orderIds: string[] = []
    await given(catalog, [{ ...billed.create({ orderId: '' }), version: 1, data: { id: 'old' } }]).when(
      billed,
      ({ event }) => orderIds.push(event.data.orderId),
    )
    expect(orderIds).toEqual(['old'])
  })

  test('comes to nothing when an event is not what its schema says', async () => {
    const data: unknown = { orderId: 7 }
    const invalid = { ...placed.create({ orderId: '' }), data }
    await expect(given(catalog, [invalid]).when(placed, () => undefined)).rejects.toThrow(/^data_invalid/)
  })
})
