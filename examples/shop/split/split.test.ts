import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Failure } from '../failure.ts'
import { openShop } from '../shop.ts'
import { startShop } from '../shop-process.ts'
import { freshFolder } from '../testing.ts'

const orders = 600
const services = ['notifications', 'analytics', 'inventory']

const at = (hour: number): string => `2017-11-24 ${String(hour).padStart(2, '0')}:00:00`

/** Orders that were all delivered, of 12.50 each. */
function ordersFile(folder: string): string {
  const file = join(folder, 'orders.ndjson')
  const lines = Array.from({ length: orders }, (_, number) => ({
    orderId: `order-${number}`,
    customerUniqueId: `customer-${number % 50}`,
    state: 'SP',
    status: 'delivered',
    purchasedAt: at(number % 20),
    approvedAt: at((number % 20) + 1),
    shippedAt: at((number % 20) + 2),
    deliveredAt: at((number % 20) + 3),
    items: [{ productId: `product-${number % 7}`, price: '10.00', freight: '2.50' }],
  }))
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return file
}

function figure(file: string, query: string): number {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 1_000 })
  try {
    return Number(Object.values(database.prepare(query).get() ?? {})[0])
  } finally {
    database.close()
  }
}

test('every service is a process, and all of them may be killed in the middle: each is started again and counts once', {
  timeout: 90_000,
}, async () => {
  const folder = freshFolder()
  const file = join(folder, 'shop.db')
  const from = ['--orders', ordersFile(folder), '--speed', '200', '--exit', '--json']
  const shop = startShop('--url', `sqlite:${file}`, '--split', '--port', '0', ...from)
  const pids = await Promise.all(services.map((name) => shop.matched(`${name} runs in process (\\d+)`)))
  const counted = () => figure(file.replace('.db', '.analytics.db'), 'SELECT sum(orders) FROM status')
  while (counted() < 200) await sleep(5)
  for (const pid of pids) process.kill(Number(pid), 'SIGKILL')
  expect(counted()).toBeLessThan(4 * orders)

  const { code, stdout, stderr } = await shop.ended
  expect(code, stderr).toBe(0)
  for (const name of services) expect(stderr).toContain(`${name} ended with SIGKILL and is started again.`)
  expect(JSON.parse(stdout)).toMatchObject({
    created: orders,
    groups: {
      notifications: { handled: 2 * orders, lag: 0, deadLetters: 0 },
      analytics: { handled: 4 * orders, lag: 0, deadLetters: 0 },
      inventory: { handled: orders, lag: 0, deadLetters: 0 },
    },
    revenueCents: 1_250 * orders,
  })
  expect(counted()).toBe(4 * orders)
  expect(figure(file.replace('.db', '.mails.db'), 'SELECT count(*) FROM sent')).toBe(2 * orders)
  const sold = `SELECT sum(json_extract(body, '$.data.pieces')) FROM tidings_stream_event`
  expect(figure(file.replace('.db', '.inventory.db'), sold)).toBe(orders)
})

test('a delivery that failed in a process of its own is told to the shop, for its page', {
  timeout: 60_000,
}, async () => {
  const first = Promise.withResolvers<Failure>()
  const place = { file: join(freshFolder(), 'shop.db') }
  await using shop = await openShop({ place, port: 0, split: true, failed: first.resolve })
  await shop.orders.request({
    kind: 'create',
    orderId: '1',
    userId: 'bounce',
    state: 'SP',
    currency: 'BRL',
    items: [{ productId: 'hammock', priceCents: 1, freightCents: 1 }],
    time: '2017-11-24T10:00:00Z',
  })
  expect(await first.promise).toEqual({
    group: 'notifications',
    subject: 'orders/1',
    attempt: 1,
    reason: expect.stringContaining('mailbox unavailable'),
    isDead: false,
  })
})
