import { join } from 'node:path'
import { openBus } from 'tidings'
import { memory } from 'tidings/memory'
import { VirtualClock } from 'tidings/testing'
import { expect, onTestFinished, test } from 'vitest'
import { catalog, orderCanceled, orderConfirmed, orderCreated, orderShipped } from '../catalog/catalog.ts'
import { freshFolder } from '../testing.ts'
import { sqliteMailer } from '../stores/sqlite-mailer.ts'
import { notifications } from './notifications.ts'

const clock = new VirtualClock()

async function openNotifications() {
  const mailer = sqliteMailer(join(freshFolder(), 'mails.db'))
  const bus = await openBus({
    transport: memory({ clock }),
    source: '/orders-service',
    catalog,
    clock,
    report: () => undefined,
  })
  onTestFinished(async () => {
    const closed = bus.close()
    await clock.advance(20_000)
    await closed
    await mailer.close()
  })
  const running = notifications(bus, mailer).run()
  running.catch(() => undefined)
  return { bus, mailer }
}

const created = (orderId: string, userId: string) => ({
  orderId,
  userId,
  state: 'SP',
  currency: 'BRL',
  items: [{ productId: 'hammock', priceCents: 18_900, freightCents: 2_450 }],
  totalCents: 21_350,
})

test('customers hear of their order, its shipment and its cancellation', async () => {
  const { bus, mailer } = await openNotifications()
  await bus.publish(orderCreated, created('42', 'ada'))
  await bus.publish(orderConfirmed, { orderId: '42', userId: 'ada' })
  await bus.publish(orderShipped, { orderId: '42', userId: 'ada' })
  await bus.publish(orderCanceled, { orderId: '42', userId: 'ada' })
  await clock.advance(100)
  expect((await mailer.latest(10)).toReversed()).toEqual([
    { to: 'ada@mail.example', subject: 'Thank you for order 42: BRL 213.50' },
    { to: 'ada@mail.example', subject: 'Order 42 is on its way' },
    { to: 'ada@mail.example', subject: 'Order 42 is canceled' },
  ])
})

test('mail that always bounces is a dead letter after three attempts, and the others get theirs', async () => {
  const { bus, mailer } = await openNotifications()
  await bus.publish(orderCreated, created('1', 'bounce'))
  await bus.publish(orderCreated, created('2', 'ada'))
  await clock.advance(5_000)
  expect(await mailer.latest(10)).toEqual([
    { to: 'ada@mail.example', subject: 'Thank you for order 2: BRL 213.50' },
  ])
  const { entries } = await bus.deadLetters.list({ group: 'notifications' }, { limit: 10 })
  expect(entries).toMatchObject([
    {
      state: 'dead',
      attempts: 3,
      key: 'orders/1',
      message: 'Error: 550 bounce@mail.example: mailbox unavailable',
    },
  ])
})

test('the mailer sends once for a key', async () => {
  const mailer = sqliteMailer(join(freshFolder(), 'mails.db'))
  onTestFinished(() => mailer.close())
  const mail = { to: 'ada@mail.example', subject: 'Hello' }
  await mailer.send(mail, 'one')
  await mailer.send(mail, 'one')
  await mailer.send(mail, 'two')
  expect(await mailer.sent()).toBe(2)
})
