import { accountOf, deadLettersOf } from './account.ts'
import type { Shop } from './shop.ts'
import type { Tally } from './tally.ts'

export interface GroupSummary {
  /** Distinct events that the group is done with, of those that it has a handler for. */
  readonly handled: number
  readonly lag: number
  readonly deadLetters: number
}

export interface Summary {
  readonly orders: number
  readonly created: number
  readonly refused: Readonly<Record<string, number>>
  readonly events: Readonly<Record<string, number>>
  readonly groups: Readonly<Record<string, GroupSummary>>
  readonly revenueCents: number
  readonly elapsedMs: number
}

/** Where the shop stands: how commands were answered, and everything else as the stores have it. */
export async function summaryOf(shop: Shop, tally: Tally, elapsedMs: number): Promise<Summary> {
  const { events, done } = await accountOf(shop)
  const groups = await Promise.all(
    shop.readers.map(async ({ name }) => [name, await groupSummary(shop, name, done[name] ?? 0)] as const),
  )
  return {
    orders: tally.orders,
    created: tally.created,
    refused: Object.fromEntries(Object.entries(tally.refused).toSorted(([a], [b]) => a.localeCompare(b))),
    events,
    groups: Object.fromEntries(groups),
    revenueCents: await shop.figures.revenueCents(),
    elapsedMs: Math.round(elapsedMs),
  }
}

async function groupSummary({ bus }: Shop, name: string, handled: number): Promise<GroupSummary> {
  const lags = await bus.admin.lag(name)
  const lag = lags.reduce((sum, each) => sum + each.lag, 0)
  return { handled, lag, deadLetters: await deadLettersOf(bus, name) }
}
