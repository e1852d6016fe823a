import {
  type CommandOptions,
  openProjections,
  openStreams,
  type Projection,
  type ProjectionStore,
  type StreamStore,
} from 'tidings/streams'
import type { Transaction } from '../transaction.ts'
import { product, productStream, type Sell } from './product.ts'

/** Where the streams of products are and their read model, in one database. */
export interface StockStore<T extends Transaction> {
  readonly streams: StreamStore<T>
  readonly projections: ProjectionStore<T>
  readonly sold: Projection<T['tx']>
  /** Of all products in the table of the read model. */
  totalIn(table: string): Promise<number>
  /** The streams are closed before. */
  close(): Promise<void>
}

/** What is sold of each product: a stream for every product, and a table of all. */
export interface Stock {
  /** Counts pieces as sold, once for a delivery. */
  sell(productId: string, sell: Sell, delivery: CommandOptions): Promise<void>
  sold(productId: string): Promise<number>
  /** Of all products, as the read model has it once it has caught up. */
  totalSold(): Promise<number>
  /** Of which something was sold. */
  orders(): Promise<number>
  /** Keeps the read model up to date from now on, until it is closed. */
  follow(): void
  close(): Promise<void>
}

export function openStock<T extends Transaction>(store: StockStore<T>): Stock {
  const streams = openStreams({ store: store.streams, source: '/inventory-service' })
  const projections = openProjections({
    streams: store.streams,
    store: store.projections,
    projections: [store.sold],
  })
  const closing = new AbortController()
  let following: Promise<void> | undefined
  return {
    sell: async (productId, sell, delivery) =>
      void (await streams.execute(product, productId, sell, delivery)),
    sold: async (productId) => (await streams.load(product, productId)).state.soldPieces,
    async totalSold() {
      await projections.catchUp()
      return store.totalIn(await projections.tableOf(store.sold.name))
    },
    async orders() {
      const ids = new Set<string>()
      for await (const { event } of streams.readAll([productStream])) ids.add(event.data.orderId)
      return ids.size
    },
    follow() {
      following ??= projections.follow(closing.signal)
    },
    async close() {
      closing.abort()
      await following
      await streams.close()
      await store.close()
    },
  }
}
