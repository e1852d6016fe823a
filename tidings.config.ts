import { defineConfig } from 'tidings'
import { catalog } from './examples/shop/catalog/catalog.ts'
import { product } from './examples/shop/inventory/product.ts'
import { sold, soldInPostgres } from './examples/shop/inventory/sold.ts'
import { orderStream } from './examples/shop/orders/events.ts'
import { OrderAggregate } from './examples/shop/orders/order-aggregate.ts'
import { serviceUrl } from './examples/shop/stores/place.ts'

const url = process.env['TIDINGS_URL'] ?? 'sqlite:shop.db'
/** Where the services' data are: on the server of the log, or in files beside that of the orders. */
const store = /^postgres(ql)?:/.test(url) ? url : undefined
const file = url.startsWith('sqlite:') ? url : 'sqlite:shop.db'
const orders = store === undefined ? file : serviceUrl(store, 'orders')
const inventory =
  store === undefined ? `${file.replace(/\.db$/, '')}.inventory.db` : serviceUrl(store, 'inventory')

/** The shop's: with `npm start -- --url sqlite:shop.db`, every command of `tidings` works without options. */
export default defineConfig({
  catalog,
  url,
  source: '/tidings-cli',
  streams: [
    { url: orders, of: [{ stream: orderStream, aggregate: OrderAggregate }] },
    { url: inventory, of: [product] },
  ],
  projections: [{ url: inventory, streams: inventory, of: [store === undefined ? sold : soldInPostgres] }],
})
