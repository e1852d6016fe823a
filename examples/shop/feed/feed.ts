import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from '../orders/command.ts'
import { refusalOf } from '../orders/decide.ts'
import type { OrdersService } from '../orders/orders-service.ts'
import type { Tally } from '../tally.ts'

export interface FeedOptions {
  /** In the order of their times. */
  readonly facts: readonly Command[]
  /** Facts in a second; undefined for as many as possible. */
  readonly factsPerSecond: number | undefined
  readonly progress: (done: number) => void
  readonly signal: AbortSignal
}

/** Facts at work at the same time. Commands that are ready together share one commit, so this is what makes it fast. */
const windowSize = 1_000

/** Puts every fact to the orders service as a command. Fulfils with false when it was stopped before the end. */
export async function feed(
  orders: Pick<OrdersService, 'execute'>,
  tally: Tally,
  { facts, factsPerSecond, progress, signal }: FeedOptions,
): Promise<boolean> {
  const startedMs = performance.now()
  const size =
    factsPerSecond === undefined ? windowSize : Math.min(windowSize, Math.ceil(factsPerSecond / 10))
  for (let done = 0; done < facts.length; ) {
    if (signal.aborted) return false
    const window = facts.slice(done, done + size)
    await executeAll(orders, tally, window)
    done += window.length
    progress(done)
    if (factsPerSecond === undefined) continue
    const restMs = startedMs + (1_000 * done) / factsPerSecond - performance.now()
    if (restMs > 0) await sleep(restMs, undefined, { signal }).catch(() => undefined)
  }
  return true
}

/** Many orders at once, and one command of an order after the other: a later one must not be decided if an earlier one fails. */
async function executeAll(
  orders: Pick<OrdersService, 'execute'>,
  tally: Tally,
  commands: readonly Command[],
): Promise<void> {
  const byOrder = Map.groupBy(commands, ({ orderId }) => orderId)
  await Promise.all(
    [...byOrder.values()].map(async (ofOne) => {
      for (const command of ofOne) {
        const refusal = refusalOf(await orders.execute(command))
        if (command.kind === 'create') tally.order(refusal)
        else tally.step(refusal)
      }
    }),
  )
}
