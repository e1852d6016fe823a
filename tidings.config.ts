import { defineConfig } from 'tidings'
import { catalog } from './examples/shop/catalog/catalog.ts'
import { product } from './examples/shop/inventory/product.ts'
import { sold } from './examples/shop/inventory/sold.ts'
import { orderStream } from './examples/shop/orders/events.ts'
import { OrderAggregate } from './examples/shop/orders/order-aggregate.ts'

const url = process.env['TIDINGS_URL'] ?? 'sqlite:shop.db'
/** The file of the orders, also where the log is elsewhere; the other services' files lie beside it. */
const orders = url.startsWith('sqlite:') ? url : 'sqlite:shop.db'
const inventory = `${orders.replace(/\.db$/, '')}.inventory.db`

/** The shop's: with `npm start -- --url sqlite:shop.db`, every command of `tidings` works without options. */
export default defineConfig({
  catalog,
  url,
  source: '/tidings-cli',
  streams: [
    { url: orders, of: [{ stream: orderStream, aggregate: OrderAggregate }] },
    { url: inventory, of: [product] },
  ],
  projections: [{ url: inventory, streams: inventory, of: [sold] }],
})
