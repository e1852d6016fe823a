import type { Bus } from 'tidings'
import type { Group } from 'tidings/bus'
import type { Capabilities } from 'tidings/log'
import { orders, type ShopEvent } from '../catalog/catalog.ts'
import { firstEvent } from '../first-event.ts'
import type { Change, Figures } from './figures.ts'

/** Keeps revenue by state and month, and counts by status. The inbox makes every event count once. */
export function analytics(
  bus: Bus<Capabilities, ShopEvent>,
  figures: Figures,
): Group<ShopEvent, (change: Change) => Promise<void>> {
  return bus
    .group('analytics', {
      start: firstEvent(bus),
      rewind: 'allowed',
      sessionTimeout: '3s',
      concurrency: 256,
      inbox: figures.inbox,
    })
    .on(orders, ({ event, transact }) => {
      const status = statusIn(event.type)
      if (event.type !== 'com.example.orders.created') return transact({ status })
      const { state, totalCents } = event.data
      return transact({ status, revenue: { state, month: monthOf(event.time), cents: totalCents } })
    })
}

/** com.example.orders.shipped is about the status shipped. */
function statusIn(type: ShopEvent): string {
  return type.slice(type.lastIndexOf('.') + 1)
}

/** In UTC; whoever publishes sets the time of an event. */
function monthOf(time = ''): string {
  return new Date(time).toISOString().slice(0, 'yyyy-mm'.length)
}
