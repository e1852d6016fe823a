import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type ShopProcess, startShop } from '../../examples/shop/shop-process.ts'
import { freshFolder } from '../../examples/shop/testing.ts'

const url = process.env['TIDINGS_RABBITMQ_URL']
const orders = fileURLToPath(new URL('../../../shared/data/orders.ndjson', import.meta.url))
const reason =
  url === undefined
    ? 'there is no RabbitMQ here: npm run test:engines starts one'
    : '../shared must lie beside the repository'

/** Real orders, as many as a test has time for. */
function firstOrders(count: number): string {
  const file = join(freshFolder(), 'orders.ndjson')
  writeFileSync(file, readFileSync(orders, 'utf8').split('\n').slice(0, count).join('\n'))
  return file
}

const run = (file: string, ...args: string[]): ShopProcess =>
  startShop(...args, '--port', '0', '--orders', file, '--speed', 'max', '--exit', '--json')

async function figuresOf({ ended }: ShopProcess): Promise<unknown> {
  const { code, stdout, stderr } = await ended
  expect(code, stderr).toBe(0)
  return { ...JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''), elapsedMs: 0 }
}

/** How many events analytics has counted; none before its tables are there. */
function countedBy(file: string): number {
  try {
    using database = new DatabaseSync(file.replace('.db', '.analytics.db'), {
      readOnly: true,
      timeout: 1_000,
    })
    return Number(database.prepare('SELECT sum(orders) AS counted FROM status').get()?.['counted'])
  } catch {
    return 0
  }
}

describe.skipIf(url === undefined || !existsSync(orders))(`The shop on RabbitMQ (${reason})`, () => {
  test('comes to the figures of all real orders', { timeout: 240_000 }, async () => {
    const files = join(freshFolder(), 'shop.db')
    expect(await figuresOf(run(orders, '--url', url ?? '', '--files', files))).toEqual({
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
      elapsedMs: 0,
    })
  })

  test('comes to the same figures as on SQLite when each service is a process and one of them and then the whole shop are killed', {
    timeout: 300_000,
  }, async () => {
    const file = firstOrders(1_000)
    const expected = await figuresOf(run(file))
    const files = join(freshFolder(), 'shop.db')
    const split = (): ShopProcess => run(file, '--url', url ?? '', '--files', files, '--split')
    const first = split()
    const pid = Number(await first.matched('analytics runs in process (\\d+)'))
    while (countedBy(files) < 300) await sleep(20)
    process.kill(pid, 'SIGKILL')
    await first.wrote('analytics ended with SIGKILL and is started again.')
    const counted = countedBy(files)
    while (countedBy(files) < counted + 300) await sleep(20)
    first.kill('SIGKILL')
    expect((await first.ended).code).toBeNull()
    expect(await figuresOf(split())).toEqual(expected)
  })
})
