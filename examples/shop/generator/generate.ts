import { openMarket, openTelephone } from '../legacy.ts'
import type { Shop } from '../shop.ts'
import type { Tally } from '../tally.ts'
import { lives } from './lives.ts'
import { seeded } from './random.ts'
import { stream } from './stream.ts'

export interface GenerateOptions {
  readonly seed: number
  readonly ordersPerSecond: number | undefined
  readonly signal: AbortSignal
}

const usualOrdersPerSecond = 10

/** Customers order at three checkouts, two of them older programs on the same log, until the signal aborts. */
export async function generate(
  { place, orders }: Shop,
  tally: Tally,
  { seed, ordersPerSecond = usualOrdersPerSecond, signal }: GenerateOptions,
): Promise<true> {
  const [market, telephone] = await Promise.all([openMarket(place), openTelephone(place)])
  try {
    const run = Date.now().toString(36)
    const counters = { orders, market, telephone, tally }
    await stream(lives(seeded(seed), run), counters, ordersPerSecond, signal)
    return true
  } finally {
    await Promise.all([market.close(), telephone.close()])
  }
}
