import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type ShopProcess, startShop } from '../../examples/shop/shop-process.ts'
import { freshFolder } from '../../examples/shop/testing.ts'

const server = process.env['TIDINGS_POSTGRES_URL']
const orders = fileURLToPath(new URL('../../../shared/data/orders.ndjson', import.meta.url))
const reason =
  server === undefined
    ? 'there is no PostgreSQL here: npm run test:engines starts one'
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

let shops = 0

/** A database's schemas of a test's own: the URL of it, and what asks it. They are gone after the test. */
function ownSchemas() {
  const name = `shop_${process.pid}_${shops++}`
  const pool = new pg.Pool({ connectionString: server })
  onTestFinished(async () => {
    for (const service of ['', '_orders', '_mails', '_analytics', '_inventory'])
      await pool.query(`DROP SCHEMA IF EXISTS ${name}${service} CASCADE`)
    await pool.end()
  })
  const count = async (table: string): Promise<number> =>
    Number((await pool.query(`SELECT count(*) AS rows FROM ${name}_${table}`)).rows[0].rows)
  return { url: `${server}?schema=${name}`, count }
}

describe.skipIf(server === undefined || !existsSync(orders))(`The shop on PostgreSQL (${reason})`, () => {
  test('comes to the same figures as on SQLite, also when it is run again', {
    timeout: 300_000,
  }, async () => {
    const file = firstOrders(600)
    const { url, count } = ownSchemas()
    const expected = await figuresOf(run(file))
    expect(await figuresOf(run(file, '--store', url))).toEqual(expected)
    expect(await figuresOf(run(file, '--url', url))).toEqual(expected)
    expect(await count('orders.outbox')).toBe(0)
  })

  test('comes to them with the log alone there, and the data in files', { timeout: 300_000 }, async () => {
    const file = firstOrders(300)
    const { url } = ownSchemas()
    const files = join(freshFolder(), 'shop.db')
    const expected = await figuresOf(run(file))
    expect(await figuresOf(run(file, '--url', url, '--files', files))).toEqual(expected)
  })

  test('comes to them when a service of its own process and then the whole shop are killed', {
    timeout: 300_000,
  }, async () => {
    const file = firstOrders(600)
    const { url, count } = ownSchemas()
    const expected = await figuresOf(run(file))
    const first = run(file, '--url', url, '--split')
    process.kill(Number(await first.matched('analytics runs in process (\\d+)')), 'SIGKILL')
    await first.wrote('analytics ended with SIGKILL and is started again.')
    while ((await count('orders.stream_event')) < 500) await new Promise((resolve) => setTimeout(resolve, 20))
    first.kill('SIGKILL')
    expect((await first.ended).code).toBeNull()
    expect(await figuresOf(run(file, '--url', url, '--split'))).toEqual(expected)
  })
})
