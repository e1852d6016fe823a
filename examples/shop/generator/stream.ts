import { setTimeout as sleep } from 'node:timers/promises'
import { defaultCurrency } from '../catalog/catalog.ts'
import type { LegacyCheckout } from '../legacy.ts'
import type { CreateOrder } from '../orders/command.ts'
import { refusalOf } from '../orders/decide.ts'
import type { OrdersService } from '../orders/orders-service.ts'
import type { Tally } from '../tally.ts'
import type { Life } from './lives.ts'

/** Where generated orders go. */
export interface Counters {
  readonly orders: OrdersService
  readonly market: LegacyCheckout
  readonly telephone: LegacyCheckout
  readonly tally: Tally
}

/** Lets an order begin its life every now and then, `ordersPerSecond` on average, until the signal aborts. */
export async function stream(
  lives: Iterable<Life>,
  counters: Counters,
  ordersPerSecond: number,
  signal: AbortSignal,
): Promise<void> {
  const alive = new Set<Promise<void>>()
  const failed = Promise.withResolvers<never>()
  const startedMs = performance.now()
  let begun = 0
  for (const life of lives) {
    const restMs = startedMs + (1_000 * begun) / ordersPerSecond - performance.now()
    await Promise.race([pause(restMs, signal), failed.promise])
    if (signal.aborted) break
    begun += 1
    const ended = live(life, counters, signal).catch(failed.reject)
    alive.add(ended)
    void ended.finally(() => alive.delete(ended))
  }
  await Promise.all(alive)
}

async function live({ checkout, sale, steps }: Life, counters: Counters, signal: AbortSignal): Promise<void> {
  const { orders, tally } = counters
  const refusal = await sell(
    checkout,
    { ...sale, kind: 'create', currency: defaultCurrency, time: now() },
    counters,
  )
  tally.order(refusal)
  if (refusal !== undefined) return
  for (const { kind, afterMs } of steps) {
    await pause(afterMs, signal)
    if (signal.aborted) return
    tally.step(refusalOf(await orders.request({ kind, orderId: sale.orderId, time: now() })))
  }
}

/** Fulfils with the reason when the order is refused. */
async function sell(
  checkout: Life['checkout'],
  order: CreateOrder,
  { orders, market, telephone }: Counters,
): Promise<string | undefined> {
  if (checkout === 'market') return market.sell(order)
  if (checkout === 'telephone') return telephone.sell(order)
  return refusalOf(await orders.request(order))
}

const now = (): string => new Date().toISOString()

/** Fulfils at once when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, ms), undefined, { signal }).catch(() => undefined)
}
