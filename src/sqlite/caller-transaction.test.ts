import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { type CloudEvent, decodeEvent } from '../event/index.ts'
import type { Change } from '../log/index.ts'
import { VirtualClock } from '../testing/index.ts'
import { openDatabase } from './database.ts'
import { type SqliteEngine, sqlite } from './index.ts'
import { type Folder, folder } from './sqlite.fixture.ts'

interface Shop extends AsyncDisposable {
  readonly engine: SqliteEngine
  readonly clock: VirtualClock
  readonly files: Folder
  /** A connection of the caller's own to the same file. */
  readonly own: DatabaseSync
  /** Ids of the events in the log. */
  events(partition?: number): Promise<string[]>
  orders(): string[]
}

async function openShop(): Promise<Shop> {
  const files = folder()
  const clock = new VirtualClock()
  const engine = await sqlite(files.file(), { clock })
  await engine.admin.createTopic({
    name: 'orders',
    partitions: 2,
    retention: { ageMs: undefined, bytes: undefined },
  })
  engine.database.exec('CREATE TABLE orders (id TEXT PRIMARY KEY) STRICT')
  const own = openDatabase(files.file())
  return {
    engine,
    clock,
    files,
    own,
    events: async (partition = 0) =>
      (await engine.admin.read('orders', partition, 0, { maxRecords: 100, maxBytes: 1e6 })).map(
        ({ encoded }) => decodeEvent(encoded).id,
      ),
    orders: () =>
      engine.database
        .prepare('SELECT id FROM orders')
        .all()
        .map((row) => String(row['id'])),
    async [Symbol.asyncDispose]() {
      if (own.isOpen) own.close()
      await engine.close()
      files[Symbol.dispose]()
    },
  }
}

function placed(engine: SqliteEngine, id: string, tx: unknown, partition = 0): Promise<void> {
  const event: CloudEvent = { specversion: '1.0', id, source: '/orders', type: 'order.placed', data: { id } }
  return engine.publish([{ topic: 'orders', partition, event, notBefore: undefined }], { tx })
}

function insert(database: DatabaseSync, id: string): void {
  database.prepare('INSERT INTO orders VALUES (?)').run(id)
}

describe("An event published in the caller's own transaction", () => {
  test('is there with the rows once they commit, and not before', async () => {
    await using shop = await openShop()
    shop.own.exec('BEGIN IMMEDIATE')
    insert(shop.own, 'a')
    void placed(shop.engine, 'a', shop.own)
    expect([await shop.events(), shop.orders()]).toEqual([[], []])
    shop.own.exec('COMMIT')
    expect([await shop.events(), shop.orders()]).toEqual([['a'], ['a']])
  })

  test('is gone with the rows when they roll back, and leaves no gap', async () => {
    await using shop = await openShop()
    shop.own.exec('BEGIN IMMEDIATE')
    insert(shop.own, 'a')
    void placed(shop.engine, 'a', shop.own)
    shop.own.exec('ROLLBACK')
    await placed(shop.engine, 'b', undefined)
    expect([await shop.events(), shop.orders()]).toEqual([['b'], []])
  })

  test('continues the offsets of all other connections', async () => {
    await using shop = await openShop()
    await placed(shop.engine, 'a', undefined)
    shop.own.exec('BEGIN IMMEDIATE')
    void placed(shop.engine, 'b', shop.own)
    const waiting = placed(shop.engine, 'd', undefined)
    void placed(shop.engine, 'c', shop.own)
    shop.own.exec('COMMIT')
    await shop.clock.advance(5)
    await waiting
    expect(await shop.events()).toEqual(['a', 'b', 'c', 'd'])
  })

  test('that is refused leaves nothing half written, also when the caller commits', async () => {
    await using shop = await openShop()
    const missing = [
      { topic: 'orders', partition: 0, event: eventOf('half'), notBefore: undefined },
      { topic: 'orders', partition: 7, event: eventOf('half'), notBefore: undefined },
    ]
    shop.own.exec('BEGIN IMMEDIATE')
    insert(shop.own, 'a')
    expect(() => shop.engine.publish(missing, { tx: shop.own })).toThrow(/^partition_missing/)
    shop.own.exec('COMMIT')
    await placed(shop.engine, 'b', undefined)
    expect([await shop.events(), shop.orders()]).toEqual([['b'], ['a']])
  })

  test('wakes readers within one look at the file', async () => {
    await using shop = await openShop()
    let told = 0
    shop.engine.admin.watch(() => (told += 1))
    shop.own.exec('BEGIN IMMEDIATE')
    void placed(shop.engine, 'a', shop.own)
    shop.own.exec('COMMIT')
    await shop.clock.advance(20)
    expect(told).toBe(1)
  })

  test('that is begun too late to get the write lock says so', async () => {
    await using shop = await openShop()
    shop.own.exec('BEGIN')
    shop.own.prepare('SELECT count(*) FROM orders').get()
    await placed(shop.engine, 'a', undefined)
    expect(() => placed(shop.engine, 'b', shop.own)).toThrow(/^engine_busy: .*BEGIN IMMEDIATE/)
    shop.own.exec('ROLLBACK')
  })
})

function eventOf(id: string): CloudEvent {
  return { specversion: '1.0', id, source: '/orders', type: 'order.placed', data: null }
}

describe('A transaction is refused', () => {
  test('when none is open on the connection', async () => {
    await using shop = await openShop()
    expect(() => placed(shop.engine, 'a', shop.own)).toThrow(/^transaction_invalid: No transaction is open/)
  })

  test('when it is not a connection of node:sqlite', async () => {
    await using shop = await openShop()
    for (const tx of [{}, 'tx', null, { isTransaction: true }]) {
      expect(() => placed(shop.engine, 'a', tx)).toThrow(/^transaction_invalid: .*DatabaseSync/)
    }
  })

  test('when it is on another file, or in memory', async () => {
    await using shop = await openShop()
    for (const file of [shop.files.file('other.db'), ':memory:']) {
      const other = openDatabase(file)
      other.exec('BEGIN IMMEDIATE')
      expect(() => placed(shop.engine, 'a', other)).toThrow(
        /^transaction_invalid: .*two files do not commit together/,
      )
      other.close()
    }
  })

  test('when its connection is not durable', async () => {
    await using shop = await openShop()
    const lax = new DatabaseSync(shop.files.file())
    lax.exec('PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE')
    expect(() => placed(shop.engine, 'a', lax)).toThrow(/^not_durable: .*synchronous=1/)
    lax.close()
    expect(await shop.events()).toEqual([])
  })

  test('when it is on the connection of the engine, outside of its own transactions', async () => {
    await using shop = await openShop()
    shop.engine.database.exec('BEGIN IMMEDIATE')
    expect(() => placed(shop.engine, 'a', shop.engine.database)).toThrow(
      /^transaction_invalid: .*engine\.transaction/,
    )
    shop.engine.database.exec('ROLLBACK')
  })
})

describe('A transaction of the engine', () => {
  test('commits the rows and the event together, and fulfils with its result', async () => {
    await using shop = await openShop()
    const result = await shop.engine.transaction((tx) => {
      insert(tx, 'a')
      void placed(shop.engine, 'a', tx)
      return 42
    })
    expect([result, await shop.events(), shop.orders()]).toEqual([42, ['a'], ['a']])
  })

  test('writes nothing when it throws; what shares its commit is written, and is told to readers', async () => {
    await using shop = await openShop()
    const told: Change[] = []
    const stop = shop.engine.admin.watch(() => told.push({ kind: 'unknown' }))
    const failing = shop.engine.transaction((tx) => {
      insert(tx, 'a')
      void placed(shop.engine, 'a', tx)
      throw new Error('no')
    })
    const succeeding = shop.engine.transaction((tx) => {
      insert(tx, 'b')
      void placed(shop.engine, 'b', tx)
    })
    await expect(failing).rejects.toThrow('no')
    await succeeding
    expect([await shop.events(), shop.orders(), told.length]).toEqual([['b'], ['b'], 1])
    await expect(
      shop.engine.transaction((tx) => {
        void placed(shop.engine, 'c', tx)
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    await placed(shop.engine, 'd', undefined)
    expect([await shop.events(), told.length]).toEqual([['b', 'd'], 2])
    stop()
  })

  test('goes on after a publish that was refused, without a half of it', async () => {
    await using shop = await openShop()
    await shop.engine.transaction((tx) => {
      insert(tx, 'a')
      const records = [0, 5].map((partition) => ({
        topic: 'orders',
        partition,
        event: eventOf('half'),
        notBefore: undefined,
      }))
      expect(() => shop.engine.publish(records, { tx })).toThrow(/^partition_missing/)
    })
    await placed(shop.engine, 'b', undefined)
    expect([await shop.events(), shop.orders()]).toEqual([['b'], ['a']])
  })

  test('refuses a Promise, and writes nothing', async () => {
    await using shop = await openShop()
    const transaction = shop.engine.transaction(
      // @ts-expect-error an async function does not compile
      async (tx) => insert(tx, 'a'),
    )
    await expect(transaction).rejects.toThrow(
      /^transaction_async: The function given to transaction .* before transaction, /,
    )
    const thenable = shop.engine.transaction((tx) => {
      insert(tx, 'b')
      // oxlint-disable-next-line unicorn/no-thenable -- what some libraries return instead of a Promise
      return { then: () => undefined } as unknown as number
    })
    await expect(thenable).rejects.toThrow(/^transaction_async/)
    expect(shop.orders()).toEqual([])
  })

  test('can write through the inbox of the same file, and publish there', async () => {
    await using shop = await openShop()
    const inbox = shop.engine.inbox()
    const transact = inbox.transaction({
      fence: { group: 'billing', topic: 'orders', partition: 0, generation: 1 },
      runNumber: 0,
      keys: [{ source: '/carts', id: '1' }],
      check: () => undefined,
      committed: () => undefined,
    })
    await transact((tx) => {
      insert(tx, 'a')
      void placed(shop.engine, 'a', tx)
    })
    expect([await shop.events(), shop.orders()]).toEqual([['a'], ['a']])
    expect(await inbox.handled('billing', 0, [{ source: '/carts', id: '1' }])).toEqual([true])
  })
})

describe('A publish that the disk has no room for', () => {
  test('names the reason, stores nothing, and works again with room', async () => {
    await using shop = await openShop()
    shop.engine.database.exec('PRAGMA max_page_count = 1')
    const large = { ...eventOf('large'), data: 'x'.repeat(100_000) }
    const publish = (): Promise<void> =>
      shop.engine.publish([{ topic: 'orders', partition: 0, event: large, notBefore: undefined }], {
        tx: undefined,
      })
    await expect(publish()).rejects.toMatchObject({
      code: 'publish_failed',
      cause: { code: 'storage_full' },
      details: { failed: [{ index: 0 }] },
    })
    expect(await shop.events()).toEqual([])
    shop.engine.database.exec('PRAGMA max_page_count = 10000')
    await publish()
    expect(await shop.events()).toEqual(['large'])
  })
})
