import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { type Bus, openBus } from '../bus/index.ts'
import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { decodeEvent, type EncodedEvent } from '../event/index.ts'
import { limits } from '../kernel/index.ts'
import { Relay } from '../outbox/index.ts'
import { VirtualClock } from '../testing/index.ts'
import { openDatabase } from './database.ts'
import { type SqliteEngine, sqlite, sqliteInbox, sqliteOutbox } from './index.ts'
import { type Folder, folder } from './sqlite.fixture.ts'

const placed = defineEvent('placed')
  .version(1, {
    type: 'object',
    properties: { orderId: { type: 'string' } },
    required: ['orderId'],
  } as const)
  .subject(({ orderId }) => orderId)
const catalog = defineCatalog([defineTopic('orders', { partitions: 1, events: [placed] })])

interface Service extends AsyncDisposable {
  readonly files: Folder
  readonly engine: SqliteEngine
  readonly bus: Bus<SqliteEngine['capabilities'], 'placed'>
  readonly database: DatabaseSync
  /** Runs in a transaction of the service's own. */
  transaction(run: (tx: DatabaseSync) => void): void
  /** Ids of orders in the log. */
  published(): Promise<readonly string[]>
  orders(): readonly string[]
}

function inTransaction(database: DatabaseSync, run: (tx: DatabaseSync) => void): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    run(database)
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

/** A service with its own file, on an engine in another one. */
async function openService(): Promise<Service> {
  const files = folder()
  const engine = await sqlite(files.file('log.db'))
  const bus = await openBus({ transport: engine, source: '/orders', catalog, drainOn: false })
  const database = openDatabase(files.file('service.db'))
  database.exec('CREATE TABLE orders (id TEXT PRIMARY KEY) STRICT')
  return {
    files,
    engine,
    bus,
    database,
    transaction: (run) => inTransaction(database, run),
    async published() {
      const records = await bus.admin.read('orders', 0, 0, { maxRecords: 100, maxBytes: 1_000_000 })
      return records.map(({ encoded }) => dataOf(encoded).orderId)
    },
    orders: () =>
      database
        .prepare('SELECT id FROM orders')
        .all()
        .map((row) => String(row['id'])),
    async [Symbol.asyncDispose]() {
      await bus.close()
      if (database.isOpen) database.close()
      files[Symbol.dispose]()
    },
  }
}

const dataOf = (encoded: EncodedEvent): { readonly orderId: string } =>
  decodeEvent(encoded).data as { readonly orderId: string }

const insert = (tx: DatabaseSync, id: string): unknown => tx.prepare('INSERT INTO orders VALUES (?)').run(id)

describe('An outbox in the file of a service', () => {
  test('has the event of every order that was committed, and of no other', async () => {
    await using service = await openService()
    const store = sqliteOutbox(service.database)
    const outbox = service.bus.outbox(store)
    service.transaction((tx) => {
      insert(tx, 'a')
      outbox.publish(tx, placed, { orderId: 'a' })
    })
    const failing = (): void =>
      service.transaction((tx) => {
        insert(tx, 'b')
        outbox.publish(tx, placed, { orderId: 'b' })
        throw new Error('no such customer')
      })
    expect(failing).toThrow('no such customer')
    await service.bus.drain()
    expect([service.orders(), await service.published()]).toEqual([['a'], ['a']])
    await store.close()
  })

  test('wakes the relay for what another process has committed, without waiting for its poll', async () => {
    await using service = await openService()
    const store = sqliteOutbox(service.files.file('service.db'))
    const { promise: told, resolve } = Promise.withResolvers<void>()
    const stop = store.watch(resolve)
    const other = sqliteOutbox(service.files.file('service.db'))
    service.transaction((tx) => {
      service.bus.outbox(other, { relay: false }).publish(tx, placed, { orderId: 'a' })
    })
    await told
    stop()
    await Promise.all([store.close(), other.close()])
  })

  test('is there for the relay of the next process when this one has ended before its relay', async () => {
    await using service = await openService()
    const before = sqliteOutbox(service.database)
    const outbox = service.bus.outbox(before, { relay: false })
    service.transaction((tx) => outbox.publish(tx, placed, { orderId: 'a' }))
    await before.close()
    const after = sqliteOutbox(service.files.file('service.db'))
    service.bus.outbox(after)
    await service.bus.drain()
    expect(await service.published()).toEqual(['a'])
    await after.close()
  })

  test('takes the transaction of an inbox in the same file: effect, inbox row and event commit together', async () => {
    await using service = await openService()
    const store = sqliteOutbox(service.database)
    const outbox = service.bus.outbox(store, { relay: false })
    const inbox = sqliteInbox(service.database)
    const claim = {
      fence: { group: 'billing', topic: 'orders', partition: 0, generation: 1 },
      runNumber: 0,
      keys: [{ source: '/orders', id: '1' }],
      check: () => undefined,
      committed: () => undefined,
    }
    const bill = (): Promise<unknown> =>
      inbox.transaction(claim)((tx) => {
        insert(tx, 'a')
        outbox.publish(tx, placed, { orderId: 'a' })
      })
    await bill()
    await expect(bill()).rejects.toThrow(/^delivery_closed/)
    expect((await outbox.figures()).pending).toBe(1)
    await Promise.all([store.close(), inbox.close()])
  })

  test('keeps no half of several events when the caller catches the refusal and commits', async () => {
    await using service = await openService()
    const store = sqliteOutbox(service.database)
    const record = { topic: 'orders', partition: 0, body: '{}', notBefore: undefined }
    service.transaction((tx) => {
      insert(tx, 'a')
      const half = [record, { ...record, body: null as never }]
      expect(() => store.add(tx, half)).toThrow(/NOT NULL/)
    })
    expect(service.orders()).toEqual(['a'])
    expect((await store.figures()).pending).toBe(0)
    await store.close()
  })

  test("leaves the caller's connection open when it closes, and its own transactions alone", async () => {
    await using service = await openService()
    const store = sqliteOutbox(service.database)
    service.database.exec('BEGIN')
    expect(await store.figures()).toMatchObject({ pending: 0 })
    await store.close()
    await store.close()
    expect(service.database.isTransaction).toBe(true)
    service.database.exec('ROLLBACK')
  })

  test('knows that a lease of an earlier start of the machine is over', async () => {
    await using service = await openService()
    const store = sqliteOutbox(service.database)
    await store.lead('before the restart', 60_000)
    service.database.exec("UPDATE tidings_outbox_relay SET boot = 'another'")
    expect(await store.lead('after it', 60_000)).toMatchObject({ term: 2 })
    await store.close()
  })
})

/** What becomes of a publish with this tx; nothing is written. */
const publishing = async (service: Service, tx: unknown): Promise<string> => {
  const store = sqliteOutbox(service.database)
  const outbox = service.bus.outbox(store, { relay: false })
  try {
    outbox.publish(tx as DatabaseSync, placed, { orderId: 'a' })
    return 'published'
  } catch (error) {
    return String(error)
  } finally {
    expect((await store.figures()).pending).toBe(0)
    await store.close()
  }
}

describe('A transaction given to an outbox is refused', () => {
  test('when it is over', async () => {
    await using service = await openService()
    service.transaction((tx) => insert(tx, 'a'))
    expect(await publishing(service, service.database)).toMatch(/transaction_invalid: No transaction is open/)
  })

  test('when its connection is closed', async () => {
    await using service = await openService()
    const closed = openDatabase(service.files.file('service.db'))
    closed.exec('BEGIN')
    closed.close()
    expect(await publishing(service, closed)).toMatch(
      /transaction_invalid: The connection given as tx is closed/,
    )
  })

  test('when it is of another file', async () => {
    await using service = await openService()
    const other = openDatabase(service.files.file('other.db'))
    other.exec('BEGIN')
    expect(await publishing(service, other)).toMatch(
      /transaction_invalid: .*other\.db, but the events are in/,
    )
    other.close()
  })

  test('when it is of a database in memory', async () => {
    await using service = await openService()
    const other = new DatabaseSync(':memory:')
    other.exec('BEGIN')
    expect(await publishing(service, other)).toMatch(/transaction_invalid: .*a database in memory/)
    other.close()
  })

  test('when it is no connection', async () => {
    await using service = await openService()
    expect(await publishing(service, { query: () => undefined })).toMatch(
      /transaction_invalid: .*not a DatabaseSync/,
    )
  })

  test('when its connection does not sync its commits', async () => {
    await using service = await openService()
    const loose = openDatabase(service.files.file('service.db'))
    loose.exec('PRAGMA synchronous = NORMAL; BEGIN')
    expect(await publishing(service, loose)).toMatch(/not_durable/)
    loose.close()
  })
})

const relay = (store: ReturnType<typeof sqliteOutbox>, clock: VirtualClock, name: string): Relay =>
  new Relay({
    store,
    publish: async () => undefined,
    relay: name,
    leaseMs: 10_000,
    clock,
    random: { next: () => 0.5, fill: () => undefined },
    report: () => undefined,
  })

describe('Relays in two processes', () => {
  test('follow each other when the first has died: by its lease on the monotonic clock, whatever the wall clock does', async () => {
    await using service = await openService()
    const clock = new VirtualClock()
    const [first, second] = [
      sqliteOutbox(service.database, { clock }),
      sqliteOutbox(service.database, { clock }),
    ]
    await first.lead('died', 10_000)
    clock.jump(-86_400_000)
    const heir = relay(second, clock, 'heir')
    heir.start()
    await clock.advance(9_000)
    expect(await first.lead('died', 10_000)).toMatchObject({ term: 1 })
    await clock.advance(14_000)
    expect(await first.lead('died', 10_000)).toBeUndefined()
    const stopping = heir.stop()
    await clock.advance(limits.relayPollMs)
    await stopping
    await Promise.all([first.close(), second.close()])
  })
})

describe('Without a store, an outbox', () => {
  test('writes straight into the log of the file, in the transaction of the caller', async () => {
    using files = folder()
    const engine = await sqlite(files.file())
    await using bus = await openBus({ transport: engine, source: '/orders', catalog, drainOn: false })
    const outbox = bus.outbox()
    engine.database.exec('CREATE TABLE orders (id TEXT PRIMARY KEY) STRICT')
    await engine.transaction((tx) => {
      insert(tx, 'a')
      outbox.publish(tx, placed, { orderId: 'a' })
      outbox.add(tx, [placed.create({ orderId: 'b' }), placed.create({ orderId: 'c' })])
    })
    const [topic] = await bus.admin.topics()
    expect(topic?.bounds.map(({ end }) => end)).toEqual([3])
    expect(await outbox.figures()).toEqual({ pending: 0, oldestAgeMs: undefined, refused: 0 })
    const failing = engine.transaction((tx) => {
      outbox.publish(tx, placed, { orderId: 'd' })
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect((await bus.admin.topics())[0]?.bounds.map(({ end }) => end)).toEqual([3])
  })
})
