import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { freshFolder } from '../../examples/shop/testing.ts'
import { serverUrl } from '../../src/postgres/server.fixture.ts'
import {
  figuresOf,
  figuresOfKilledService,
  firstOrders,
  hasRealOrders,
  shopWith,
  withoutRealOrders,
} from '../real-orders.ts'
import { shopSchemas } from './shop-schemas.ts'

const reason =
  serverUrl === undefined ? 'there is no PostgreSQL here: npm run test:engines starts one' : withoutRealOrders

describe.skipIf(serverUrl === undefined || !hasRealOrders)(`The shop on PostgreSQL (${reason})`, () => {
  test('comes to the same figures as on SQLite, also when it is run again', {
    timeout: 300_000,
  }, async () => {
    const file = firstOrders(600)
    const { url, count } = shopSchemas()
    const expected = await figuresOf(shopWith(file))
    expect(await figuresOf(shopWith(file, '--store', url))).toEqual(expected)
    expect(await figuresOf(shopWith(file, '--url', url))).toEqual(expected)
    expect(await count('orders.outbox')).toBe(0)
  })

  test('comes to them with the log alone there, and the data in files', { timeout: 300_000 }, async () => {
    const file = firstOrders(300)
    const { url } = shopSchemas()
    const files = join(freshFolder(), 'shop.db')
    const expected = await figuresOf(shopWith(file))
    expect(await figuresOf(shopWith(file, '--url', url, '--files', files))).toEqual(expected)
  })

  test('comes to them with every service a process, one of which is killed half way', {
    timeout: 300_000,
  }, async () => {
    const file = firstOrders(600)
    const { url, count } = shopSchemas()
    const expected = await figuresOf(shopWith(file))
    expect(await figuresOfKilledService(file, '--url', url)).toEqual(expected)
    expect(await count('orders.outbox')).toBe(0)
  })

  test('comes to them when the whole shop of processes is killed', { timeout: 300_000 }, async () => {
    const file = firstOrders(600)
    const { url, count } = shopSchemas()
    const expected = await figuresOf(shopWith(file))
    const first = shopWith(file, '--url', url, '--split')
    await first.wrote('analytics runs in process')
    while ((await count('orders.stream_event')) < 500) await sleep(20)
    first.kill('SIGKILL')
    expect((await first.ended).code).toBeNull()
    expect(await figuresOf(shopWith(file, '--url', url, '--split'))).toEqual(expected)
  })
})
