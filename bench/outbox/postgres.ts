import pg from 'pg'
import { type Bus, openBus } from 'tidings'
import { type MemoryCapabilities, memory } from 'tidings/memory'
import { postgresOutbox } from 'tidings/postgres'
import { rawInsert } from '../raw/outbox-postgres.ts'
import type { Rate } from '../sqlite/publish.ts'
import { catalog, order, orderPlaced } from '../sqlite/shop.ts'
import { type Costs, compared, type TransactionOptions } from './costs.ts'
import { type RelayOptions, relayFrom } from './relay.ts'

/** As `sqliteTransaction`; both kinds on the same connection. */
export async function postgresTransaction(options: TransactionOptions): Promise<Costs> {
  const { url = '', schema = '' } = options
  const pool = new pg.Pool({ connectionString: url })
  await pool.query(`CREATE SCHEMA ${schema}`)
  await pool.query(`CREATE TABLE ${schema}.customer_order (id bigint PRIMARY KEY, total_cents bigint)`)
  const store = postgresOutbox(pool, { schema: `${schema}_tidings` })
  await store.figures()
  await using bus = await silentBus()
  const outbox = bus.outbox(store, { relay: false })
  const bare = rawInsert(`${schema}_tidings`)
  const client = await pool.connect()
  const row = `INSERT INTO ${schema}.customer_order (id, total_cents) VALUES ($1, $2)`
  let number = 0
  const transaction = async (write: (number: number) => Promise<unknown>, rows: number): Promise<void> => {
    await client.query('BEGIN')
    for (let count = 0; count < rows; count++) {
      await client.query(row, [number, order(number).totalCents])
      await write(number)
      number += 1
    }
    await client.query('COMMIT')
  }
  const costs = await compared(options, {
    product: (rows) => transaction((each) => outbox.publish(client, orderPlaced, order(each)), rows),
    yardstick: (rows) => transaction((each) => bare(client, order(each)), rows),
  })
  client.release()
  await forget(pool, schema)
  await store.close()
  await pool.end()
  return costs
}

/** Fills an outbox in a schema of its own; nobody relays. */
export async function fillPostgres({ url = '', schema = '', events }: RelayOptions): Promise<Rate> {
  const pool = new pg.Pool({ connectionString: url })
  await pool.query(`CREATE SCHEMA ${schema}`)
  const store = postgresOutbox(pool, { schema: `${schema}_tidings` })
  await store.figures()
  await using bus = await silentBus()
  const outbox = bus.outbox(store, { relay: false })
  const client = await pool.connect()
  const startedMs = performance.now()
  for (let from = 0; from < events; from += 1_000) {
    const numbers = Array.from({ length: Math.min(1_000, events - from) }, (_, index) => from + index)
    await client.query('BEGIN')
    await outbox.add(
      client,
      numbers.map((number) => orderPlaced.create(order(number))),
    )
    await client.query('COMMIT')
  }
  const perSecond = (events / (performance.now() - startedMs)) * 1_000
  client.release()
  await store.close()
  await pool.end()
  return { perSecond }
}

/** From the start of the relay until nothing is pending; the schema is gone then. */
export async function relayFromPostgres(options: RelayOptions): Promise<Rate> {
  const { url = '', schema = '' } = options
  const pool = new pg.Pool({ connectionString: url })
  const rate = await relayFrom(postgresOutbox(pool, { schema: `${schema}_tidings` }), options)
  await forget(pool, schema)
  await pool.end()
  return rate
}

function silentBus(): Promise<Bus<MemoryCapabilities, 'order.placed'>> {
  return openBus({ transport: memory(), source: '/bench', catalog, drainOn: false })
}

async function forget(pool: pg.Pool, schema: string): Promise<void> {
  await pool.query(`DROP SCHEMA ${schema} CASCADE`)
  await pool.query(`DROP SCHEMA ${schema}_tidings CASCADE`)
}
