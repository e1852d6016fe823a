import { defineEvent, type EventOf } from 'tidings'
import { defineStream } from 'tidings/streams'
import * as z from 'zod'

/** Requests have been checked for what ids may be; here a pattern would be run with every event that is read. */
const Id = z.string().min(1).max(100)
const Cents = z.int().min(0)
const Item = z.object({ productId: Id, priceCents: Cents, freightCents: Cents })

/** What happens to an order, as the orders service keeps it. Other services hear of it what `integration.ts` says. */
export const orderPlaced = defineEvent('order.placed').version(
  1,
  z.object({
    userId: Id,
    state: z.string().min(1).max(100),
    currency: z.string().length(3),
    items: z.array(Item).min(1).max(1_000),
    totalCents: z.int().min(0),
  }),
)

const Step = z.object({ userId: Id })

export const orderConfirmed = defineEvent('order.confirmed').version(1, Step)
export const orderShipped = defineEvent('order.shipped').version(1, Step)
export const orderDelivered = defineEvent('order.delivered').version(1, Step)
export const orderCanceled = defineEvent('order.canceled').version(1, Step)

/** Private: nobody else hears of it. A command that comes again is answered alike, so the answer is kept. */
export const commandRefused = defineEvent('order.command-refused').version(
  1,
  z.object({
    command: z.enum(['create', 'confirm', 'ship', 'deliver', 'cancel']),
    reason: z.enum(['already exists', 'no items', 'not confirmed', 'not shipped', 'unknown order']),
  }),
)

export const orderStream = defineStream('order', {
  events: [orderPlaced, orderConfirmed, orderShipped, orderDelivered, orderCanceled, commandRefused],
})

export type OrderEvent = EventOf<typeof orderStream>
