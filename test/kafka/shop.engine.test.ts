import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { startShop } from '../../examples/shop/shop-process.ts'
import { freshFolder } from '../../examples/shop/testing.ts'

const url = process.env['TIDINGS_KAFKA_URL']
const orders = fileURLToPath(new URL('../../../shared/data/orders.ndjson', import.meta.url))
const reason =
  url === undefined
    ? 'there is no Kafka here: npm run test:engines starts one'
    : '../shared must lie beside the repository'

const options = ['--port', '0', '--orders', orders, '--speed', 'max', '--exit', '--json']
const shopOn = (files: string) => startShop('--url', url ?? '', '--files', files, ...options)

describe.skipIf(url === undefined || !existsSync(orders))(`The shop on Kafka (${reason})`, () => {
  test('comes to the same figures as on SQLite, also when it is killed and started again', {
    timeout: 240_000,
  }, async () => {
    const files = join(freshFolder(), 'shop.db')
    const killed = shopOn(files)
    await new Promise((resolve) => setTimeout(resolve, 6_000))
    killed.kill('SIGKILL')
    await killed.ended
    const { code, stdout, stderr } = await shopOn(files).ended
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toEqual({
      orders: 8_135,
      created: 7_360,
      refused: { 'no items': 775, 'not confirmed': 74, 'not shipped': 71, 'unknown order': 1_400 },
      events: {
        'com.example.orders.created': 7_360,
        'com.example.orders.confirmed': 7_360,
        'com.example.orders.shipped': 6_275,
        'com.example.orders.delivered': 5_099,
        'com.example.orders.canceled': 467,
      },
      groups: {
        notifications: { handled: 14_102, lag: 0, deadLetters: 0 },
        analytics: { handled: 26_561, lag: 0, deadLetters: 0 },
        inventory: { handled: 7_360, lag: 0, deadLetters: 0 },
      },
      revenueCents: 126_555_274,
      elapsedMs: expect.any(Number),
    })
  })
})
