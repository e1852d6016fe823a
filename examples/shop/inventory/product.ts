import { defineEvent } from 'tidings'
import { defineStream } from 'tidings/streams'
import * as z from 'zod'

export const productSold = defineEvent('product.sold').version(
  1,
  z.object({ orderId: z.string().min(1).max(100), pieces: z.int().min(1) }),
)

export const productStream = defineStream('product', { events: [productSold] })

/** A product as the inventory knows it. */
export interface Product {
  readonly soldPieces: number
}

/** Some pieces of it were ordered. */
export interface Sell {
  readonly orderId: string
  readonly pieces: number
}

export const product = productStream.decider<Product, Sell>({
  initialState: { soldPieces: 0 },
  decide: (sell) => productSold.create(sell),
  evolve: ({ soldPieces }, { data }) => ({ soldPieces: soldPieces + data.pieces }),
  snapshots: { every: 50, version: 1 },
})
