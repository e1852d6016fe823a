import type { Command } from '../orders/command.ts'
import { progressBar } from '../screen/progress.ts'
import type { Shop } from '../shop.ts'
import { aborted } from '../signals.ts'
import type { Tally } from '../tally.ts'
import { factsOf, inOrder } from './facts.ts'
import { feed } from './feed.ts'
import { readOrders } from './read-orders.ts'

/** Everything that happened to the orders of a file, in the order in which it happened. @throws `ShopError` */
export async function factsIn(file: string): Promise<readonly Command[]> {
  return inOrder((await readOrders(file)).flatMap(factsOf))
}

export interface TakeOptions {
  /** Undefined: as many as possible. */
  readonly ordersPerSecond: number | undefined
  readonly showProgress: boolean
  readonly signal: AbortSignal
}

/** Puts the facts to the shop. Fulfils when every service has caught up; with false when it was stopped before. */
export async function takeOrders(
  shop: Shop,
  tally: Tally,
  facts: readonly Command[],
  { ordersPerSecond, showProgress, signal }: TakeOptions,
): Promise<boolean> {
  const orders = facts.filter(({ kind }) => kind === 'create').length
  const factsPerSecond = ordersPerSecond && (ordersPerSecond * facts.length) / orders
  const progress = showProgress ? progressBar(facts.length, 'facts') : () => undefined
  const complete = await feed(shop.orders, tally, { facts, factsPerSecond, progress, signal })
  if (!complete) return false
  return Promise.race([shop.caughtUp().then(() => true), aborted(signal).then(() => false)])
}
