import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openBus } from 'tidings'
import { memory } from 'tidings/memory'
import { expect, onTestFinished, test } from 'vitest'
import { catalog, orderCanceled, orderCreated } from '../catalog/catalog.ts'
import { freshFolder } from '../testing.ts'
import { inventory } from './inventory.ts'
import { sqliteStock } from '../stores/sqlite-stock.ts'

const item = (productId: string) => ({ productId, priceCents: 1, freightCents: 0 })

test('every item sold is counted for its product', async () => {
  const stock = sqliteStock(join(freshFolder(), 'inventory.db'))
  const bus = await openBus({ transport: memory(), source: '/orders-service', catalog })
  onTestFinished(async () => {
    await bus.close()
    await stock.close()
  })
  const group = inventory(bus, stock)
  const order = { userId: 'ada', state: 'SP', currency: 'BRL', totalCents: 1 }
  await bus.publish(orderCreated, {
    ...order,
    orderId: '1',
    items: [item('hammock'), item('hammock'), item('football')],
  })
  await bus.publish(orderCreated, { ...order, orderId: '2', items: [item('football')] })
  await bus.publish(orderCanceled, { orderId: '2', userId: 'ada' })
  await group.caughtUp()
  const sold = ['hammock', 'football', 'rice-cooker'].map((productId) => stock.sold(productId))
  expect(await Promise.all(sold)).toEqual([2, 2, 0])
  expect(await stock.totalSold()).toBe(4)
})

test('an order that is delivered again is counted once', async () => {
  const stock = sqliteStock(join(freshFolder(), 'inventory.db'))
  onTestFinished(() => stock.close())
  const delivery = { causedBy: { id: 'e1' }, idempotencyKey: 'inventory e1' }
  for (const productId of ['hammock', 'hammock', 'football'])
    await stock.sell(productId, { orderId: '1', pieces: 2 }, delivery)
  expect([await stock.sold('hammock'), await stock.totalSold()]).toEqual([2, 4])
})

test('the pieces sold are kept up to date while the service runs, for whoever reads the table', async () => {
  const file = join(freshFolder(), 'inventory.db')
  const stock = sqliteStock(file)
  const reader = new DatabaseSync(file)
  onTestFinished(async () => {
    reader.close()
    await stock.close()
  })
  stock.follow()
  await expect.poll(() => reader.prepare('SELECT state FROM tidings_checkpoint').all().length).toBe(1)
  await stock.sell('hammock', { orderId: '1', pieces: 2 }, {})
  await expect.poll(() => reader.prepare('SELECT pieces FROM sold_1').get()).toMatchObject({ pieces: 2 })
})
