import type { Bus, EventOf } from 'tidings'
import type { Group } from 'tidings/bus'
import type { Capabilities } from 'tidings/log'
import { orders, type ShopEvent } from '../catalog/catalog.ts'
import { firstEvent } from '../first-event.ts'
import type { Change, Figures } from './figures.ts'

/**
 * Keeps revenue by state and month, and counts by status. The inbox makes every event count once; a batch of events shares
 * one transaction.
 */
export function analytics(
  bus: Bus<Capabilities, ShopEvent>,
  figures: Figures,
): Group<ShopEvent, (changes: readonly Change[]) => Promise<void>> {
  return bus
    .group('analytics', {
      start: firstEvent(bus),
      rewind: 'allowed',
      sessionTimeout: '3s',
      inbox: figures.inbox,
    })
    .onBatch(orders, { max: 500, waitMs: 50 }, (deliveries, { transact }) =>
      transact(deliveries.map(({ event }) => changeOf(event))),
    )
}

function changeOf(event: EventOf<typeof orders>): Change {
  const status = statusIn(event.type)
  if (event.type !== 'com.example.orders.created') return { status }
  const { state, totalCents } = event.data
  return { status, revenue: { state, month: monthOf(event.time), cents: totalCents } }
}

/** com.example.orders.shipped is about the status shipped. */
function statusIn(type: ShopEvent): string {
  return type.slice(type.lastIndexOf('.') + 1)
}

/** In UTC; whoever publishes sets the time of an event. */
function monthOf(time = ''): string {
  return new Date(time).toISOString().slice(0, 'yyyy-mm'.length)
}
