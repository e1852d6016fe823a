import { join } from 'node:path'
import { decodeEvent } from 'tidings/event'
import { expect, onTestFinished, test } from 'vitest'
import { recordsOf } from './account.ts'
import { openMarket, openTelephone } from './legacy.ts'
import { openShop } from './shop.ts'
import { freshFolder, newOrder } from './testing.ts'

async function openAll() {
  const file = join(freshFolder(), 'shop.db')
  const shop = await openShop({ place: { file }, port: 0 })
  const market = await openMarket({ file })
  const telephone = await openTelephone({ file })
  onTestFinished(async () => {
    await Promise.all([market.close(), telephone.close()])
    await shop.close()
  })
  return { shop, market, telephone }
}

test('events of all three versions reach the services alike', async () => {
  const { shop, market, telephone } = await openAll()
  await market.sell(newOrder({ orderId: '1', userId: 'ada' }))
  await telephone.sell(newOrder({ orderId: '2', userId: 'ben', currency: 'USD' }))
  await shop.orders.execute(newOrder({ orderId: '3', userId: 'cleo' }))
  await shop.caughtUp()

  const events = (await Array.fromAsync(recordsOf(shop))).map(({ encoded }) => decodeEvent(encoded))
  const versions = events.map(({ dataschema }) => dataschema?.split('/').at(-1))
  expect(new Set(versions)).toEqual(new Set(['1', '2', '3']))
  const mails = (await shop.mailer.latest(3)).map(({ to, subject }) => `${to} ${subject}`)
  expect(mails.toSorted()).toEqual([
    'ada@mail.example Thank you for order 1: BRL 213.50',
    'ben@mail.example Thank you for order 2: USD 213.50',
    'cleo@mail.example Thank you for order 3: BRL 213.50',
  ])
  expect(await shop.figures.revenueCents()).toBe(3 * 21_350)
  expect(await shop.stock.sold('hammock')).toBe(3)
})

test('an order that the shop refuses is not announced', async () => {
  const { shop, market } = await openAll()
  expect(await market.sell(newOrder({ items: [] }))).toBe('no items')
  expect(await Array.fromAsync(recordsOf(shop))).toEqual([])
})

test('an older program that is asked again, after a crash, sells and announces once', async () => {
  const { shop, market } = await openAll()
  expect(await market.sell(newOrder())).toBeUndefined()
  expect(await market.sell(newOrder())).toBeUndefined()
  expect(await Array.fromAsync(recordsOf(shop))).toHaveLength(1)
})

test('an order of an older program goes on like any other', async () => {
  const { shop, market } = await openAll()
  await market.sell(newOrder())
  const time = '2017-11-25T00:00:00Z'
  expect(await shop.orders.execute({ kind: 'confirm', orderId: '42', time })).toMatchObject({
    accepted: true,
  })
  await shop.caughtUp()
  expect(await shop.figures.statuses()).toEqual({ created: 1, confirmed: 1 })
})
