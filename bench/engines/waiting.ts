/** For engines that keep events only for groups that are there: the group first, then what waits for it. */
import { openShop, orderPlaced } from '../sqlite/shop.ts'
import type { Rate } from '../sqlite/publish.ts'

const name = 'waiting'

export interface WaitingOptions {
  readonly file: string
  /** Events handled before the clock starts, with code not compiled yet. */
  readonly warmUp: number
  readonly events: number
}

/** From then on what is published waits for the group. */
export async function joinOnce({ file }: { readonly file: string }): Promise<void> {
  await using bus = await openShop(file)
  const group = bus.group(name).on(orderPlaced, async () => undefined)
  await group.joined()
  await group.stop()
}

/** All that waits for the group, with a handler that does nothing. */
export async function consumeWaiting({ file, warmUp, events }: WaitingOptions): Promise<Rate> {
  await using bus = await openShop(file)
  const done = Promise.withResolvers<number>()
  let handled = 0
  let startedMs = 0
  const group = bus.group(name).on(orderPlaced, async () => {
    if (handled === warmUp) startedMs = performance.now()
    handled += 1
    if (handled === warmUp + events) done.resolve(performance.now() - startedMs)
  })
  await group.joined()
  const elapsedMs = await done.promise
  await group.caughtUp()
  return { perSecond: (events / elapsedMs) * 1_000 }
}
