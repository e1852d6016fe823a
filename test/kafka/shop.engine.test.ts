import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { freshFolder } from '../../examples/shop/testing.ts'
import { brokerUrl } from '../../src/kafka/broker.fixture.ts'
import { serverUrl } from '../../src/postgres/server.fixture.ts'
import { shopSchemas } from '../postgres/shop-schemas.ts'
import {
  figuresOf,
  figuresOfKilledService,
  firstOrders,
  halfWayShop,
  hasRealOrders,
  realFigures,
  realOrders,
  shopWith,
  withoutRealOrders,
} from '../real-orders.ts'

const reason =
  brokerUrl === undefined ? 'there is no Kafka here: npm run test:engines starts one' : withoutRealOrders

/** The log on the broker, in the namespace of files that nobody else has. */
const onKafka = (): readonly string[] => ['--url', brokerUrl ?? '', '--files', join(freshFolder(), 'shop.db')]

describe.skipIf(brokerUrl === undefined || !hasRealOrders)(`The shop on Kafka (${reason})`, () => {
  test('comes to the same figures as on SQLite, also when it is killed half way and started again', {
    timeout: 240_000,
  }, async () => {
    const place = onKafka()
    const { shop, halfWay } = await halfWayShop(realOrders, ...place)
    await halfWay
    shop.kill('SIGKILL')
    expect((await shop.ended).code).toBeNull()
    expect(await figuresOf(shopWith(realOrders, ...place))).toEqual(realFigures)
  })

  test('comes to them with every service a process, one of which is killed half way', {
    timeout: 240_000,
  }, async () => {
    const file = firstOrders(600)
    const expected = await figuresOf(shopWith(file))
    expect(await figuresOfKilledService(file, ...onKafka())).toEqual(expected)
  })

  const name =
    'comes to them with the data in PostgreSQL, every service a process, one of which is killed half way'
  const withoutPostgres = 'there is no PostgreSQL here: npm run test:engines starts one'
  test.skipIf(serverUrl === undefined)(
    serverUrl === undefined ? `${name} (${withoutPostgres})` : name,
    { timeout: 240_000 },
    async () => {
      const file = firstOrders(600)
      const { url, count } = shopSchemas()
      const expected = await figuresOf(shopWith(file))
      // The namespace on the broker belongs to the schemas, so that it is a test's own, too.
      expect(await figuresOfKilledService(file, '--url', brokerUrl ?? '', '--store', url)).toEqual(expected)
      expect(await count('orders.outbox')).toBe(0)
    },
  )
})
