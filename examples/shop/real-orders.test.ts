import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { hasRealOrders, realFigures, realOrders, withoutRealOrders } from '../../test/real-orders.ts'
import { seeded } from './generator/random.ts'
import { startShop } from './shop-process.ts'
import { freshFolder } from './testing.ts'

const facts = 28_881

const expected = { ...realFigures, elapsedMs: expect.any(Number) }

const shopOn = (file: string) =>
  startShop(
    '--url',
    `sqlite:${file}`,
    '--port',
    '0',
    '--orders',
    realOrders,
    '--speed',
    'max',
    '--exit',
    '--json',
  )

async function summaryOn(file: string): Promise<unknown> {
  const { code, stdout, stderr } = await shopOn(file).ended
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}

function figure(file: string, query: string): number {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 1_000 })
  try {
    return Number(Object.values(database.prepare(query).get() ?? {})[0])
  } finally {
    database.close()
  }
}

/** How many commands a shop that is running has decided; none before its tables are there. */
function decidedIn(file: string): number {
  try {
    return figure(file, 'SELECT count(*) FROM tidings_stream_event')
  } catch {
    return 0
  }
}

const loggedRevenue = `
  SELECT sum(json_extract(body, '$.data.totalCents')) FROM tidings_record
  WHERE json_extract(body, '$.type') = 'com.example.orders.created'`

/** Runs the shop, and kills it without warning once it has decided so many commands. */
async function killedAfter(file: string, commands: number): Promise<void> {
  const shop = shopOn(file)
  const ended = shop.ended.then(() => true)
  while (decidedIn(file) < commands) if (await Promise.race([ended, sleep(5, false)])) break
  shop.kill('SIGKILL')
  expect((await shop.ended).code).toBeNull()
}

describe.skipIf(!hasRealOrders)(`8,135 real orders (${withoutRealOrders})`, { timeout: 180_000 }, () => {
  test('are right to the cent, and a second run on the same files changes nothing', async () => {
    const file = join(freshFolder(), 'shop.db')
    expect(await summaryOn(file)).toEqual(expected)
    expect(figure(file.replace('.db', '.analytics.db'), 'SELECT sum(cents) FROM revenue')).toBe(126_555_274)
    expect(figure(file, loggedRevenue)).toBe(126_555_274)
    expect(figure(file.replace('.db', '.mails.db'), 'SELECT count(*) FROM sent')).toBe(14_102)
    expect(await summaryOn(file)).toEqual(expected)
  })

  test('are right when the shop is killed again and again, also half way', async () => {
    const file = join(freshFolder(), 'shop.db')
    const random = seeded(7)
    for (const least of [0, facts / 4, facts / 2])
      await killedAfter(file, least + 1 + Math.floor((random() * facts) / 8))
    expect(await summaryOn(file)).toEqual(expected)
    expect(figure(file, loggedRevenue)).toBe(126_555_274)
    expect(figure(file.replace('.db', '.mails.db'), 'SELECT count(*) FROM sent')).toBe(14_102)
  })
})
