import { setTimeout } from 'node:timers/promises'
import { openShop, orderPlaced } from '../sqlite/shop.ts'

export interface BacklogOptions {
  readonly file: string
  readonly elapsedMs: number
}

export interface Backlog {
  readonly unread: number
  /** Events that the member holds while its handlers do not end. */
  readonly started: number
}

/** A member whose handlers never end, before a log of unread events: the process's memory is what is measured. */
export async function backlog({ file, elapsedMs }: BacklogOptions): Promise<Backlog> {
  const bus = await openShop(file)
  let started = 0
  const group = bus.group(`stuck-${process.pid}`, { start: 'start', drain: 1 }).on(orderPlaced, () => {
    started += 1
    return new Promise(() => undefined)
  })
  await group.joined()
  await setTimeout(elapsedMs)
  const lags = await bus.admin.lag(group.name)
  await bus.close()
  return { unread: lags.reduce((sum, { lag }) => sum + lag, 0), started }
}
