import * as z from 'zod'
import { defaultCurrency } from '../catalog/catalog.ts'
import { Id, Item } from '../catalog/schemas.ts'

/** The body of `POST /orders`. */
export const NewOrder = z.object({
  /** Made by the shop when it is left out. */
  orderId: Id.optional(),
  userId: Id,
  state: z.string().min(1).max(100),
  currency: z.string().length(3).default(defaultCurrency),
  items: z.array(Item).max(1_000),
})
