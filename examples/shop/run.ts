import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { factsIn, takeOrders } from './feed/take-orders.ts'
import { generate } from './generator/generate.ts'
import type { ShopProgramOptions } from './options.ts'
import type { Command } from './orders/command.ts'
import { Watch } from './screen/glance.ts'
import { showLive } from './screen/live.ts'
import { summaryText, welcome } from './screen/words.ts'
import { openShop } from './shop.ts'
import { aborted, onSignals } from './signals.ts'
import { type Place, placeOf } from './stores/place.ts'
import { summaryOf } from './summary.ts'
import { Tally } from './tally.ts'

/**
 * Runs the shop as the options say; without a place of its own in a fresh folder, which is removed at a clean end.
 * Fulfils with false when it was stopped before a file of orders was through.
 */
export async function runShop(options: ShopProgramOptions): Promise<boolean> {
  const facts = options.ordersFile === undefined ? undefined : await factsIn(options.ordersFile)
  if (options.place !== undefined) return runAt(options.place, facts, options)
  const folder = await mkdtemp(join(tmpdir(), 'tidings-shop-'))
  const file = join(folder, 'shop.db')
  const place = options.url === undefined ? { file } : placeOf({ file }, options.url)
  const complete = await runAt(place, facts, options)
  if (complete) await rm(folder, { recursive: true })
  if (options.url !== undefined) return complete
  const words = complete
    ? `The log was in ${folder}, which is removed now. --url sqlite:shop.db keeps it.`
    : `The log is kept in ${folder}.`
  process.stderr.write(`${words}\n`)
  return complete
}

async function runAt(
  place: Place,
  facts: readonly Command[] | undefined,
  { ordersPerSecond, seed, port, split, exit, json }: ShopProgramOptions,
): Promise<boolean> {
  const live = !json && !exit
  const stop = onSignals()
  const startedMs = performance.now()
  const tally = new Tally()
  const watch = new Watch()

  await using shop = await openShop({ place, port, split, failed: live ? watch.failed : undefined })
  // With --json, stdout is for the summary alone.
  if (!exit) (json ? process.stderr : process.stdout).write(welcome(shop))
  const closing = new AbortController()
  const showing = live ? showLive(watch, shop, tally, closing.signal) : aborted(closing.signal)
  const work =
    facts === undefined
      ? generate(shop, tally, { seed, ordersPerSecond, signal: stop })
      : takeOrders(shop, tally, facts, { ordersPerSecond, showProgress: exit, signal: stop })
  const complete = await Promise.race([work, shop.lost, showing.then(() => false)])
  const elapsedMs = performance.now() - startedMs
  if (!exit) await aborted(stop)
  await shop.bus.drain()
  closing.abort()
  await showing

  const summary = await summaryOf(shop, tally, elapsedMs)
  process.stdout.write(json ? `${JSON.stringify(summary)}\n` : summaryText(summary))
  return complete
}
