import { expect, test } from 'vitest'
import { openBus } from '../bus/index.ts'
import { defineCatalog, defineEvent, defineTopic, type EventOf } from '../catalog/index.ts'
import { decodeEvent } from '../event/index.ts'
import { memory } from '../memory/index.ts'
import { jsonSchema } from '../schema/index.ts'
import { Aggregate, type AggregateTable, defineStream, mapEvent, openTables } from '../streams/index.ts'
import { describeOnServer, type OwnSchema, ownSchema } from './server.fixture.ts'
import { postgresOutbox } from './outbox.ts'
import type { PostgresTransaction } from './transaction.ts'

const name = jsonSchema<{ name: string }>({ properties: { name: { type: 'string' } }, required: ['name'] })
const renamed = defineEvent('customer.renamed').version(1, name)
const customerStream = defineStream('customer', { events: [renamed] })
const told = defineEvent('com.example.customers.renamed').version(1, name)
const catalog = defineCatalog([defineTopic('customers', { partitions: 1, events: [told] })])

class Customer extends Aggregate<EventOf<typeof customerStream>> {
  name = ''

  rename(to: string): void {
    this.raise(renamed.create({ name: to }))
  }

  protected when(event: EventOf<typeof customerStream>): void {
    this.name = event.data.name
  }
}

/** Customers as rows, each written in a transaction of the pool. */
function customerTable({ pool, schema }: OwnSchema): AggregateTable<Customer, PostgresTransaction> {
  return {
    async transaction(run) {
      const client = await pool.connect()
      try {
        await client.query('BEGIN')
        await run(client)
        await client.query('COMMIT')
      } catch (error) {
        await client.query('ROLLBACK')
        throw error
      } finally {
        client.release()
      }
    },
    async load(customer) {
      const { rows } = await pool.query(`SELECT version, name FROM ${schema}.customer WHERE id = $1`, [
        customer.id,
      ])
      customer.name = rows[0]?.name ?? ''
      return rows[0]?.version ?? 0
    },
    async save(tx, customer, { expected, next, conflict }) {
      const written =
        expected === 0
          ? `INSERT INTO ${schema}.customer VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1`
          : `UPDATE ${schema}.customer SET version = $2, name = $3 WHERE id = $1 AND version = ${expected} RETURNING 1`
      const { rows } = await tx.query(written, [customer.id, next, customer.name])
      if (rows.length === 0) throw conflict()
    },
  }
}

async function service(own: OwnSchema) {
  const bus = await openBus({ transport: memory(), source: '/customers', catalog, drainOn: false })
  const store = postgresOutbox(own.pool, { schema: own.schema })
  await store.figures()
  await own.pool.query(
    `CREATE TABLE ${own.schema}.customer (id text PRIMARY KEY, version integer, name text)`,
  )
  const mapping = mapEvent(renamed, ({ data }) => {
    if (data.name === 'unspeakable') throw new Error('no')
    return told.create(data)
  })
  const tables = openTables({ outbox: bus.outbox(store), mappings: [mapping], source: '/customers' })
  const heard = bus.group('heard', { start: 'start' })
  const names: unknown[] = []
  heard.on(told, ({ event }) => void names.push(decodeEvent(JSON.stringify(event)).data))
  return {
    customers: tables.repository(customerStream, Customer, customerTable(own)),
    async told() {
      await expect.poll(async () => (await store.figures()).pending).toBe(0)
      await heard.caughtUp()
      return names
    },
    async [Symbol.asyncDispose]() {
      await bus.close()
      await store.close()
    },
  }
}

describeOnServer('An aggregate in a plain table of PostgreSQL', () => {
  test('commits with what it tells others, or neither is there', async () => {
    await using own = ownSchema()
    await using opened = await service(own)
    const { customers } = opened
    await customers.update('7', (customer) => customer.rename('Ada'))
    await expect(customers.update('7', (customer) => customer.rename('unspeakable'))).rejects.toThrow(
      /^mapping_failed/,
    )
    const [first, second] = await Promise.all([customers.load('7'), customers.load('7')])
    first.rename('Grace')
    second.rename('Hedy')
    await customers.save(first)
    await expect(customers.save(second)).rejects.toThrow(
      'expected_version: stream "customer-7" is at version 2, not 1. Reload it and decide again.',
    )
    expect((await customers.load('7')).name).toBe('Grace')
    expect(await opened.told()).toEqual([{ name: 'Ada' }, { name: 'Grace' }])
  })
})
