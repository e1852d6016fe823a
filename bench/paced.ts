import { setTimeout } from 'node:timers/promises'

/**
 * Calls `publish` with 0, 1, 2 … at a steady rate, several at once where a timer was late, and waits for all. Fulfils with
 * when it began, by `performance.now`; the n-th is due `(n + 1) * 1_000 / perSecond` ms later.
 */
export async function paced(
  perSecond: number,
  total: number,
  publish: (number: number) => Promise<void>,
): Promise<number> {
  const startedMs = performance.now()
  const publishes: Promise<void>[] = []
  while (publishes.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startedMs) * perSecond) / 1_000))
    while (publishes.length < due) publishes.push(publish(publishes.length))
    await setTimeout(1)
  }
  await Promise.all(publishes)
  return startedMs
}
