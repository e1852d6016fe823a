import type { DatabaseSync } from 'node:sqlite'
import { type Config, defineConfig, defineEvent, type EventOf } from '../index.ts'
import type { PostgresQuery } from '../postgres/index.ts'
import { Aggregate, defineProjection, defineStream } from '../streams/index.ts'

const schema = { type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] } as const
export const filled = defineEvent('cart.filled').version(1, schema)
const cartStream = defineStream('cart', { events: [filled] })
export const cart = cartStream.decider<{ readonly skus: readonly string[] }, string>({
  initialState: { skus: [] },
  decide: (sku) => filled.create({ sku }),
  evolve: ({ skus }, { data }) => ({ skus: [...skus, data.sku] }),
})

export const orderStream = defineStream('cart-order', { events: [filled] })
export class Order extends Aggregate<EventOf<typeof orderStream>> {
  count = 0
  fill(sku: string): void {
    this.raise(filled.create({ sku }))
  }
  protected when(): void {
    this.count += 1
  }
}

export const skus = defineProjection('skus', {
  streams: [cartStream],
  create: (tx: DatabaseSync, table) => tx.exec(`CREATE TABLE ${table} (sku TEXT)`),
  apply: (tx: DatabaseSync, { event }, table) =>
    void tx.prepare(`INSERT INTO ${table} VALUES (?)`).run(event.data.sku),
  drop: (tx: DatabaseSync, table) => tx.exec(`DROP TABLE ${table}`),
})

/** The same in PostgreSQL. */
export const skusInPostgres = defineProjection('skus', {
  streams: [cartStream],
  create: async (tx: PostgresQuery, table) => void (await tx.query(`CREATE TABLE ${table} (sku TEXT)`)),
  apply: async (tx: PostgresQuery, { event }, table) =>
    void (await tx.query(`INSERT INTO ${table} VALUES ($1)`, [event.data.sku])),
  drop: async (tx: PostgresQuery, table) => void (await tx.query(`DROP TABLE ${table}`)),
})

export const plain = defineStream('plain', { events: [filled] })

const config: Config = defineConfig({
  url: 'sqlite:shop.db',
  streams: [{ url: 'sqlite:orders.db', of: [cart, { stream: orderStream, aggregate: Order }, plain] }],
  projections: [{ url: 'sqlite:orders.db', streams: 'sqlite:orders.db', of: [skus] }],
})
export default config
