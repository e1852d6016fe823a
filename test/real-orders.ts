import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { type ShopProcess, startShop } from '../examples/shop/shop-process.ts'
import { freshFolder } from '../examples/shop/testing.ts'
import { freePort } from './engines/processes.ts'

/** Orders as they happened, one a line. They lie beside the repository, or nowhere. */
export const realOrders: string = fileURLToPath(new URL('../../shared/data/orders.ndjson', import.meta.url))
export const hasRealOrders: boolean = existsSync(realOrders)
export const withoutRealOrders = '../shared must lie beside the repository'

/** What 8,135 real orders come to, to the cent. */
export const realFigures = {
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
    notifications: { handled: 7_360 + 6_275 + 467, lag: 0, deadLetters: 0 },
    analytics: { handled: 26_561, lag: 0, deadLetters: 0 },
    inventory: { handled: 7_360, lag: 0, deadLetters: 0 },
  },
  revenueCents: 126_555_274,
  elapsedMs: 0,
} as const

interface Order {
  readonly orderId: string
  readonly purchasedAt: string
  readonly items: readonly unknown[]
}

/** A file with as many of them as a test has time for. */
export function firstOrders(count: number): string {
  const file = join(freshFolder(), 'orders.ndjson')
  writeFileSync(file, readFileSync(realOrders, 'utf8').split('\n').slice(0, count).join('\n'))
  return file
}

/** The shop with the orders of a file, as fast as it can unless the arguments say otherwise. */
export function shopWith(file: string, ...args: readonly string[]): ShopProcess {
  return startShop('--port', '0', '--orders', file, '--speed', 'max', '--exit', '--json', ...args)
}

/** What the shop comes to, but for how long that took. */
export async function figuresOf({ ended }: ShopProcess): Promise<Readonly<Record<string, unknown>>> {
  const { code, stdout, stderr } = await ended
  expect(code, stderr).toBe(0)
  return { ...JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''), elapsedMs: 0 }
}

/** The same, and a promise that fulfils when half of the orders are there. */
export async function halfWayShop(
  file: string,
  ...args: readonly string[]
): Promise<{ readonly shop: ShopProcess; readonly halfWay: Promise<void> }> {
  const port = await freePort()
  const shop = shopWith(file, '--port', String(port), ...args)
  return { shop, halfWay: answers(`http://127.0.0.1:${port}/orders/${middleOrder(file)}`, shop) }
}

/** Every service a process, of which analytics is killed half way and started again: what the shop comes to then. */
export async function figuresOfKilledService(
  file: string,
  ...args: readonly string[]
): Promise<Readonly<Record<string, unknown>>> {
  const { shop, halfWay } = await halfWayShop(file, '--split', '--speed', '150', ...args)
  const pid = Number(await shop.matched('analytics runs in process (\\d+)'))
  await halfWay
  process.kill(pid, 'SIGKILL')
  await shop.wrote('analytics ended with SIGKILL and is started again.')
  return figuresOf(shop)
}

/** The order in the middle that is accepted. */
function middleOrder(file: string): string {
  const orders = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Order => JSON.parse(line))
    .filter(({ items }) => items.length > 0)
    .toSorted((a, b) => (a.purchasedAt < b.purchasedAt ? -1 : 1))
  return orders[Math.floor(orders.length / 2)]?.orderId ?? ''
}

async function answers(url: string, { ended }: ShopProcess): Promise<void> {
  const over = ended.then(() => true)
  while (!(await Promise.race([over, sleep(20, false)]))) {
    const { ok } = await fetch(url).catch(() => ({ ok: false }))
    if (ok) return
  }
  throw new Error(`The shop ended before ${url} was there.`)
}
