import type { Catalog } from '../catalog/index.ts'
import { type Config, defineCatalog, defineConfig, defineEvent, defineTopic } from '../index.ts'

export const created = defineEvent('com.example.orders.created')
  .version(1, {
    type: 'object',
    properties: { orderId: { type: 'string' }, totalCents: { type: 'integer' } },
    required: ['orderId', 'totalCents'],
  } as const)
  .subject(({ orderId }) => `orders/${orderId}`)

const shipped = defineEvent('com.example.orders.shipped').version(1, {
  type: 'object',
  properties: { orderId: { type: 'string' } },
  required: ['orderId'],
} as const)

const orders = defineTopic('orders', { partitions: 4, retention: { age: '30d' }, events: [created, shipped] })

export const catalog: Catalog = defineCatalog([orders])

/** What the tests of the command line run with; its file lies in the folder of each test. */
const config: Config = defineConfig({
  catalog,
  url: 'sqlite:shop.db',
  source: '/shop',
})
export default config
