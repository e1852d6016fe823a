import * as z from 'zod'
import { Id } from '../catalog/schemas.ts'
import { centsOf } from './cents.ts'

const Cents = z.string().transform((price, context) => {
  const cents = centsOf(price)
  if (cents !== undefined) return cents
  context.addIssue('is no price: write it like 39.99')
  return z.NEVER
})

/** Local time without a zone, read as UTC. */
const Time = z.string().transform((text, context) => {
  const time = `${text.replace(' ', 'T')}Z`
  if (timePattern.test(text) && isOnTheCalendar(time)) return time
  context.addIssue('is no time: write it like 2017-01-31 12:34:56')
  return z.NEVER
})

const timePattern = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/

function isOnTheCalendar(time: string): boolean {
  const ms = Date.parse(time)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(time.slice(0, -1))
}

/** Empty means that it did not happen. */
const MaybeTime = z.union([z.literal('').transform(() => undefined), Time])

/** A line of the file of orders: what happened to one order, and when. */
export const OrderLine = z
  .object({
    orderId: Id,
    customerUniqueId: Id,
    state: z.string().min(1).max(100),
    status: z.string(),
    purchasedAt: Time,
    approvedAt: MaybeTime,
    shippedAt: MaybeTime,
    deliveredAt: MaybeTime,
    items: z.array(z.object({ productId: Id, price: Cents, freight: Cents })).max(1_000),
  })
  .transform(({ items, ...order }) => ({
    ...order,
    items: items.map(({ productId, price, freight }) => ({
      productId,
      priceCents: price,
      freightCents: freight,
    })),
  }))

export type OrderLine = z.output<typeof OrderLine>
