import type { InboxStore } from 'tidings/inbox'

export interface Revenue {
  readonly state: string
  /** Such as 2017-11. */
  readonly month: string
  readonly cents: number
}

/** What one event adds to the figures. */
export interface Change {
  /** That one more order has reached. */
  readonly status: string
  readonly revenue?: Revenue
}

/** The figures of the business, for whoever looks. */
export interface FiguresSoFar {
  revenue(): Promise<readonly Revenue[]>
  revenueCents(): Promise<number>
  /** How many orders have reached each status. */
  statuses(): Promise<Readonly<Record<string, number>>>
}

/** The figures, and an inbox in the same database: what `transact` adds commits with the fact that the events were handled. */
export interface Figures extends FiguresSoFar {
  readonly inbox: InboxStore<(changes: readonly Change[]) => Promise<void>>
  close(): Promise<void>
}
