import * as z from 'zod'

/** Part of an event's subject and of a URL: printable and short. */
export const Id = z.string().regex(/^[^\p{C}]{1,100}$/u, 'must be 1 to 100 printable characters')

const Cents = z.int().min(0).max(1_000_000_000)

/** One piece of a product; three pieces are three items. */
export const Item = z.object({ productId: Id, priceCents: Cents, freightCents: Cents })

export type Item = z.infer<typeof Item>

export const OrderCreatedV1 = z.object({
  orderId: Id,
  items: z.array(Item).min(1).max(1_000),
  /** Prices and freight of all items. */
  totalCents: z.int().min(0),
  /** Where it goes: the state of the country, such as SP. */
  state: z.string().min(1).max(100),
})

/** Since the shop sells abroad. */
export const OrderCreatedV2 = z.object({ ...OrderCreatedV1.shape, currency: z.string().length(3) })

/** Since customers have accounts. */
export const OrderCreatedV3 = z.object({ ...OrderCreatedV2.shape, userId: Id })

/** What confirmed, shipped, delivered and canceled say. */
export const OrderStep = z.object({ orderId: Id, userId: Id })
