import { describe, expect, test } from 'vitest'
import { openBus } from '../bus/index.ts'
import { defineCatalog, defineEvent, defineTopic, type EventOf } from '../catalog/index.ts'
import { decodeEvent } from '../event/index.ts'
import { seededRandom } from '../kernel/index.ts'
import { jsonSchema } from '../schema/index.ts'
import { Aggregate, type AggregateTable, defineStream, mapEvent, openTables } from '../streams/index.ts'
import { VirtualClock } from '../testing/index.ts'
import { sqlite } from './index.ts'
import { folder } from './sqlite.fixture.ts'
import type { SqliteTransaction } from './transaction.ts'

const name = jsonSchema<{ name: string }>({ properties: { name: { type: 'string' } }, required: ['name'] })
const renamed = defineEvent('customer.renamed').version(1, name)
const customerStream = defineStream('customer', { events: [renamed] })
const moved = defineEvent('com.example.customers.renamed').version(1, name)
const catalog = defineCatalog([defineTopic('customers', { partitions: 1, events: [moved] })])

class Customer extends Aggregate<EventOf<typeof customerStream>> {
  name = ''

  rename(to: string): void {
    this.raise(renamed.create({ name: to }))
  }

  protected when(event: EventOf<typeof customerStream>): void {
    this.name = event.data.name
  }
}

async function service(file: string, tell = mapEvent(renamed, ({ data }) => moved.create(data))) {
  const clock = new VirtualClock()
  const engine = await sqlite(file, { clock })
  const { database } = engine
  database.exec(
    'CREATE TABLE IF NOT EXISTS customer (id TEXT PRIMARY KEY, version INTEGER, name TEXT) STRICT',
  )
  const bus = await openBus({ transport: engine, source: '/customers', catalog, clock, drainOn: false })
  const table: AggregateTable<Customer, SqliteTransaction> = {
    transaction: (run) => engine.transaction(run),
    load(customer) {
      const row = database.prepare('SELECT version, name FROM customer WHERE id = ?').get(customer.id)
      customer.name = String(row?.['name'] ?? '')
      return Number(row?.['version'] ?? 0)
    },
    save(tx, customer, { expected, next, conflict }) {
      const written =
        expected === 0
          ? tx
              .prepare('INSERT OR IGNORE INTO customer VALUES (?, ?, ?)')
              .run(customer.id, next, customer.name)
          : tx
              .prepare('UPDATE customer SET version = ?, name = ? WHERE id = ? AND version = ?')
              .run(next, customer.name, customer.id, expected)
      if (written.changes === 0) throw conflict()
    },
  }
  const tables = openTables({
    outbox: bus.outbox(),
    mappings: [tell],
    source: '/customers',
    clock,
    random: seededRandom(1),
  })
  return {
    clock,
    customers: tables.repository(customerStream, Customer, table),
    async told() {
      const records = await bus.admin.read('customers', 0, 0, { maxRecords: 100, maxBytes: 1_000_000 })
      return records.map(({ encoded }) => decodeEvent(encoded))
    },
    [Symbol.asyncDispose]: () => bus.close(),
  }
}

describe('An aggregate in a plain table', () => {
  test('is saved as a row, with what it raised in the outbox', async () => {
    using files = folder()
    await using opened = await service(files.file())
    const fresh = await opened.customers.load('7')
    expect(fresh.version).toBe(0)
    fresh.rename('Ada')
    fresh.rename('Ada L.')
    await opened.customers.save(fresh, { causedBy: { id: 'e1', correlationid: 'c1' } })
    const loaded = await opened.customers.load('7')
    expect([loaded.version, loaded.name]).toEqual([2, 'Ada L.'])
    expect(await opened.told()).toMatchObject([
      { data: { name: 'Ada' }, correlationid: 'c1', time: '2026-01-01T00:00:00.000Z' },
      { data: { name: 'Ada L.' }, correlationid: 'c1' },
    ])
  })

  test('saved by two repositories is saved by the first alone', async () => {
    using files = folder()
    await using opened = await service(files.file())
    await opened.customers.update('7', (customer) => customer.rename('Ada'))
    const [first, second] = await Promise.all([opened.customers.load('7'), opened.customers.load('7')])
    first.rename('Grace')
    second.rename('Hedy')
    await opened.customers.save(first)
    await expect(opened.customers.save(second)).rejects.toThrow(
      'expected_version: stream "customer-7" is at version 2, not 1. Reload it and decide again.',
    )
    expect((await opened.customers.load('7')).name).toBe('Grace')
    expect((await opened.told()).length).toBe(2)
  })

  test('is updated once more when others were faster', async () => {
    using files = folder()
    await using opened = await service(files.file())
    const faster = await opened.customers.load('7')
    let runs = 0
    const running = { over: false }
    const updating = opened.customers
      .update('7', (customer) => {
        runs += 1
        if (runs === 1) {
          faster.rename('Grace')
          void opened.customers.save(faster)
        }
        customer.rename(`${customer.name} L.`)
      })
      .finally(() => (running.over = true))
    while (!running.over) await opened.clock.advance(1)
    expect((await updating).name).toBe('Grace L.')
    expect(runs).toBe(2)
  })

  test('is not saved when its mapping or its outbox refuses', async () => {
    using files = folder()
    const wrong = mapEvent(renamed, () => moved.create({ name: 7 } as never))
    await using opened = await service(files.file(), wrong)
    await expect(opened.customers.update('7', (customer) => customer.rename('Ada'))).rejects.toThrow(
      /^data_invalid/,
    )
    expect((await opened.customers.load('7')).version).toBe(0)
  })

  test('takes no idempotency key: a table remembers no commands', async () => {
    using files = folder()
    await using opened = await service(files.file())
    await expect(
      opened.customers.update('7', (customer) => customer.rename('Ada'), { idempotencyKey: 'd' }),
    ).rejects.toThrow(/^option_invalid: A table does not remember/)
  })
})
