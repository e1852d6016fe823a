import { setTimeout } from 'node:timers/promises'
import { openShop, order, orderPlaced } from '../sqlite/shop.ts'

export interface ShareOptions {
  readonly file: string
  /** When the clock starts, the same for all processes that share the file: ms since the Unix epoch. */
  readonly startMs: number
  readonly warmUpMs: number
  readonly windowMs: number
  /** Whether the process also is a member of the one group of all of them. */
  readonly consumes: boolean
}

export interface Share {
  /** What this process did within the window. */
  readonly published: number
  readonly handled: number
}

const together = 256

/** One of several processes on one file: publishes one batch after the other, and counts what falls in the window. */
export async function share(options: ShareOptions): Promise<Share> {
  const { file, startMs, warmUpMs, windowMs, consumes } = options
  await using bus = await openShop(file)
  let published = 0
  let handled = 0
  const fromMs = startMs + warmUpMs
  const untilMs = fromMs + windowMs
  const counts = (): boolean => Date.now() >= fromMs && Date.now() < untilMs
  const group = bus.group('shared').on(orderPlaced, async () => {
    if (counts()) handled += 1
  })
  if (consumes) await group.joined()
  await setTimeout(startMs - Date.now())
  for (let number = 0; Date.now() < untilMs; number += together) {
    await bus.publishAll(
      Array.from({ length: together }, (_, index) => orderPlaced.create(order(number + index))),
    )
    if (counts()) published += together
  }
  return { published, handled }
}
