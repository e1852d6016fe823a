import type { Rate } from '../sqlite/publish.ts'
import { openShop, orderPlaced } from '../sqlite/shop.ts'

export interface ManyGroupsOptions {
  readonly file: string
  readonly groups: number
}

/** Deliveries of all groups together, each of which handles the whole log; from the first to the last of them. */
export async function manyGroups({ file, groups }: ManyGroupsOptions): Promise<Rate> {
  await using bus = await openShop(file)
  let handled = 0
  let startedMs = 0
  let endedMs = 0
  const members = Array.from({ length: groups }, (_, index) =>
    bus.group(`${process.pid}-${index}`, { start: 'start' }).on(orderPlaced, async () => {
      if (handled === 0) startedMs = performance.now()
      handled += 1
      endedMs = performance.now()
    }),
  )
  await Promise.all(members.map((member) => member.caughtUp()))
  return { perSecond: (handled / (endedMs - startedMs)) * 1_000 }
}
