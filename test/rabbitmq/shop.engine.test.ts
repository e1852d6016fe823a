import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ShopProcess } from '../../examples/shop/shop-process.ts'
import { freshFolder } from '../../examples/shop/testing.ts'
import {
  figuresOf,
  firstOrders,
  hasRealOrders,
  realFigures,
  realOrders,
  shopWith,
  withoutRealOrders,
} from '../real-orders.ts'

const url = process.env['TIDINGS_RABBITMQ_URL']
const reason =
  url === undefined ? 'there is no RabbitMQ here: npm run test:engines starts one' : withoutRealOrders

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

describe.skipIf(url === undefined || !hasRealOrders)(`The shop on RabbitMQ (${reason})`, () => {
  test('comes to the figures of all real orders', { timeout: 240_000 }, async () => {
    const files = join(freshFolder(), 'shop.db')
    expect(await figuresOf(shopWith(realOrders, '--url', url ?? '', '--files', files))).toEqual(realFigures)
  })

  test('comes to the same figures as on SQLite when each service is a process and one of them and then the whole shop are killed', {
    timeout: 300_000,
  }, async () => {
    const file = firstOrders(1_000)
    const expected = await figuresOf(shopWith(file))
    const files = join(freshFolder(), 'shop.db')
    const split = (): ShopProcess => shopWith(file, '--url', url ?? '', '--files', files, '--split')
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
