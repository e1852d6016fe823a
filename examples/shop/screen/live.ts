import { setTimeout as sleep } from 'node:timers/promises'
import type { Shop } from '../shop.ts'
import type { Tally } from '../tally.ts'
import type { Watch } from './glance.ts'
import { fitted, line, page } from './page.ts'

const everyMs = 1_000

/** Shows the shop until the signal aborts: a page that is drawn again, or a line a second where there is no terminal. */
export async function showLive(watch: Watch, shop: Shop, tally: Tally, signal: AbortSignal): Promise<void> {
  const show = process.stdout.isTTY ? redraw() : (glance: Parameters<typeof line>[0]) => write([line(glance)])
  while (!signal.aborted) {
    show(await watch.look(shop, tally))
    await sleep(everyMs, undefined, { signal }).catch(() => undefined)
  }
}

function redraw(): (glance: Parameters<typeof page>[0]) => void {
  let drawn = 0
  return (glance) => {
    // Some terminals say that they have no size.
    const columns = process.stdout.columns || 80
    const rows = process.stdout.rows || 24
    const lines = page(glance)
      .slice(0, rows - 1)
      .map((text) => fitted(text, columns))
    if (drawn > 0) process.stdout.write(`\u001B[${drawn}A\u001B[0J`)
    write(lines)
    drawn = lines.length
  }
}

function write(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}
