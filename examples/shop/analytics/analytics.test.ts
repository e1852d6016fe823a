import { join } from 'node:path'
import { openBus } from 'tidings'
import { memory } from 'tidings/memory'
import { expect, onTestFinished, test } from 'vitest'
import { catalog, orderCanceled, orderCreated, orderShipped } from '../catalog/catalog.ts'
import { freshFolder } from '../testing.ts'
import { analytics } from './analytics.ts'
import { sqliteFigures } from '../stores/sqlite-figures.ts'

const created = (orderId: string, state: string, totalCents: number) => ({
  orderId,
  userId: 'ada',
  state,
  currency: 'BRL',
  items: [{ productId: 'hammock', priceCents: totalCents, freightCents: 0 }],
  totalCents,
})

async function openAnalytics() {
  const figures = sqliteFigures(join(freshFolder(), 'analytics.db'))
  const bus = await openBus({ transport: memory(), source: '/orders-service', catalog })
  onTestFinished(async () => {
    await bus.close()
    await figures.close()
  })
  const group = analytics(bus, figures)
  return { bus, figures, caughtUp: () => group.caughtUp() }
}

test('revenue is kept by state and by the month of the event, in UTC', async () => {
  const { bus, figures, caughtUp } = await openAnalytics()
  await bus.publish(orderCreated, created('1', 'SP', 100), { time: '2017-11-30T23:59:59Z' })
  await bus.publish(orderCreated, created('2', 'SP', 20), { time: '2017-12-01T00:30:00+02:00' })
  await bus.publish(orderCreated, created('3', 'SP', 3), { time: '2017-12-01T00:00:00Z' })
  await bus.publish(orderCreated, created('4', 'RJ', 4), { time: '2017-12-01T00:00:00Z' })
  await caughtUp()
  expect(await figures.revenue()).toEqual([
    { state: 'RJ', month: '2017-12', cents: 4 },
    { state: 'SP', month: '2017-11', cents: 120 },
    { state: 'SP', month: '2017-12', cents: 3 },
  ])
  expect(await figures.revenueCents()).toBe(127)
})

test('orders are counted by the statuses they reach; canceled ones keep their revenue', async () => {
  const { bus, figures, caughtUp } = await openAnalytics()
  await bus.publish(orderCreated, created('1', 'SP', 100))
  await bus.publish(orderCreated, created('2', 'SP', 100))
  await bus.publish(orderShipped, { orderId: '1', userId: 'ada' })
  await bus.publish(orderCanceled, { orderId: '1', userId: 'ada' })
  await caughtUp()
  expect(await figures.statuses()).toEqual({ created: 2, shipped: 1, canceled: 1 })
  expect(await figures.revenueCents()).toBe(200)
})

test('an event that is delivered a second time does not count again', async () => {
  const { bus, figures, caughtUp } = await openAnalytics()
  const event = {
    specversion: '1.0',
    id: 'the same',
    source: '/orders-service',
    type: 'com.example.orders.created',
    time: '2017-11-24T10:00:00Z',
    data: created('1', 'SP', 100),
  } as const
  await bus.publishEvents([event, event])
  await caughtUp()
  expect(await figures.revenueCents()).toBe(100)
})
