import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type ShopProcess, startShop } from '../../examples/shop/shop-process.ts'
import { freshFolder } from '../../examples/shop/testing.ts'
import { busUrl, motoUrl } from '../../src/eventbridge/moto.fixture.ts'

const orders = fileURLToPath(new URL('../../../shared/data/orders.ndjson', import.meta.url))
const reason =
  motoUrl === undefined
    ? 'there is no moto here: npm run test:engines starts one'
    : '../shared must lie beside the repository'

/** Real orders, as many as moto has time for. */
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

describe.skipIf(motoUrl === undefined || !existsSync(orders))(`The shop on EventBridge (${reason})`, () => {
  test.each([
    ['in one process', []],
    ['with a process for each service', ['--split']],
  ])('%s comes to the same figures as on SQLite', { timeout: 600_000 }, async (_, more) => {
    const file = firstOrders(50)
    const expected = await figuresOf(run(file))
    const files = join(freshFolder(), 'shop.db')
    expect(await figuresOf(run(file, '--url', busUrl(), '--files', files, ...more))).toEqual(expected)
  })
})
