import { expect, test, vi } from 'vitest'
import type { OutboxRecord, OutboxStore, RelayTerm } from '../outbox/index.ts'
import { outboxStoreContract, VirtualClock } from '../testing/index.ts'
import { transactionsOf, withClient } from './builders.fixture.ts'
import { postgresOutbox } from './outbox.ts'
import type { PostgresQuery } from './query.ts'
import { describeOnServer, disposing, type OwnSchema, ownSchema, serverUrl } from './server.fixture.ts'
import type { PostgresTransaction } from './transaction.ts'

const all = { maxRecords: 1_000, maxBytes: 1_000_000 }

function record(body: string): OutboxRecord {
  return { topic: 'orders', partition: 0, body, notBefore: undefined }
}

async function open(): Promise<
  { readonly own: OwnSchema; readonly store: OutboxStore<PostgresTransaction> } & AsyncDisposable
> {
  const own = ownSchema()
  const store = postgresOutbox(own.pool, { schema: own.schema })
  await store.figures()
  return {
    own,
    store,
    ...disposing(
      () => store.close(),
      () => own[Symbol.asyncDispose](),
    ),
  }
}

async function lead(store: OutboxStore): Promise<RelayTerm> {
  const term = await store.lead('relay', 60_000)
  if (term === undefined) throw new Error('Another relay has the right.')
  return term
}

async function bodies(store: OutboxStore, term: RelayTerm): Promise<readonly string[]> {
  return (await store.claim(term, all)).map(({ body }) => body)
}

for (const name of serverUrl === undefined ? [] : Object.keys(transactionsOf(null as never, ''))) {
  describeOnServer(`The outbox in PostgreSQL, in a transaction of ${name}`, () => {
    outboxStoreContract({
      test,
      async open() {
        const own = ownSchema()
        const clock = new VirtualClock()
        const store = postgresOutbox(own.pool, { schema: own.schema, clock })
        await store.figures()
        const transact = transactionsOf(own.pool, serverUrl ?? '')[name]
        if (transact === undefined) throw new Error('There is no such library.')
        return {
          store,
          clock,
          transact: (run) => transact((tx) => run((records) => store.add(tx, records))),
          async addLate(records) {
            let late: PostgresQuery | undefined
            await transact(async (tx) => {
              late = tx
            })
            if (late !== undefined) await store.add(late, records)
          },
          ...disposing(
            () => store.close(),
            () => own[Symbol.asyncDispose](),
          ),
        }
      },
    })
  })
}

describeOnServer('The order of the outbox in PostgreSQL', () => {
  test('is that of positions: a transaction that was numbered early and wrote late comes late', async () => {
    await using opened = await open()
    const { own, store } = opened
    await own.pool.query(`CREATE TABLE ${own.schema}.row (id text PRIMARY KEY, count integer)`)
    await own.pool.query(`INSERT INTO ${own.schema}.row VALUES ('K', 0), ('other', 0)`)
    const write = `UPDATE ${own.schema}.row SET count = count + 1 WHERE id = $1`
    const early = await own.pool.connect()
    const openForLong = await own.pool.connect()
    try {
      // Numbered first, by writing something else; open between them; then the first event of K, then the second.
      await early.query('BEGIN')
      await early.query(write, ['other'])
      await openForLong.query('BEGIN')
      await openForLong.query('SELECT pg_current_xact_id()')
      await withClient(own.pool, async (tx) => {
        await tx.query(write, ['K'])
        await store.add(tx, [record('first of K')])
      })
      await early.query(write, ['K'])
      await store.add(early, [record('second of K')])
      await early.query('COMMIT')

      const term = await lead(store)
      const xids = await own.pool.query(`SELECT body FROM ${own.schema}.outbox ORDER BY xid`)
      const below = await own.pool.query(
        `SELECT body FROM ${own.schema}.outbox WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY position`,
      )
      // What the two rules give that were not taken: both swap.
      expect(xids.rows.map(({ body }) => body)).toEqual(['second of K', 'first of K'])
      expect(below.rows.map(({ body }) => body)).toEqual(['second of K'])
      // Somebody who only writes elsewhere holds nothing back.
      expect(await bodies(store, term)).toEqual(['first of K', 'second of K'])
    } finally {
      early.release(true)
      openForLong.release(true)
    }
  })

  test('stops before a record of a transaction that is younger than one that is open, and goes on after it', async () => {
    await using opened = await open()
    const { own, store } = opened
    const slow = await own.pool.connect()
    try {
      await withClient(own.pool, (tx) => store.add(tx, [record('before')]))
      await slow.query('BEGIN')
      await store.add(slow, [record('slow')])
      await withClient(own.pool, (tx) => store.add(tx, [record('fast')]))
      const term = await lead(store)
      expect(await bodies(store, term)).toEqual(['before'])
      await slow.query('COMMIT')
      expect(await bodies(store, term)).toEqual(['before', 'slow', 'fast'])
    } finally {
      slow.release(true)
    }
  })

  test('takes what a restored dump brought, whatever another server had numbered its transactions', async () => {
    await using opened = await open()
    const { own, store } = opened
    await withClient(own.pool, (tx) => store.add(tx, [record('dumped')]))
    await own.pool.query(`UPDATE ${own.schema}.outbox SET xid = '9223372036854775807'`)
    await own.pool.query(`UPDATE ${own.schema}.era SET system_identifier = 42`)
    await withClient(own.pool, (tx) => store.add(tx, [record('new')]))
    expect(await bodies(store, await lead(store))).toEqual(['dumped', 'new'])
    await withClient(own.pool, (tx) => store.add(tx, [record('newer')]))
    const { rows } = await own.pool.query(`SELECT era::integer FROM ${own.schema}.outbox ORDER BY position`)
    expect(rows.map(({ era }) => era)).toEqual([1, 2, 2])
  })
})

describeOnServer('The relay of the outbox in PostgreSQL', () => {
  test('gives its connection back to the pool when it stops, and takes one again', async () => {
    await using opened = await open()
    const { own, store } = opened
    const inUse = (): number => own.pool.totalCount - own.pool.idleCount
    for (let turn = 0; turn < 2; turn++) {
      const stop = store.watch(() => undefined)
      const term = await lead(store)
      expect(inUse()).toBeGreaterThan(0)
      stop()
      await store.resign(term)
      await vi.waitFor(() => expect(inUse()).toBe(0))
    }
  })

  test('follows at once when the session of the one before is gone, whatever its lease', async () => {
    await using opened = await open()
    const { own, store } = opened
    const killed = postgresOutbox(own.url)
    const first = await killed.lead('killed', 3_600_000)
    expect(await store.lead('next', 1_000)).toBeUndefined()
    await own.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid IN
       (SELECT (hashtextextended($1, 0) & x'ffffffff'::bigint)::bigint::oid)`,
      [`tidings relay ${own.schema}`],
    )
    const next = { relay: 'next', term: (first?.term ?? 0) + 1 }
    await expect.poll(() => store.lead('next', 1_000)).toEqual(next)
    if (first === undefined) throw new Error('It had no term.')
    await expect(killed.claim(first, all)).rejects.toMatchObject({ code: 'fenced' })
    await expect(killed.settle(first, [1])).rejects.toMatchObject({ code: 'fenced' })
    await killed.close()
  })

  test('gets the right alone, of two in one process that ask at the same time', async () => {
    await using opened = await open()
    const { store } = opened
    const terms = await Promise.all([store.lead('a', 60_000), store.lead('b', 60_000)])
    expect(terms.filter((term) => term !== undefined)).toEqual([expect.objectContaining({ term: 1 })])
  })

  test('refuses a transaction on another database that has tables of Tidings, too', async () => {
    await using opened = await open()
    const { own, store } = opened
    await own.pool.query(`UPDATE ${own.schema}.format SET identity = gen_random_uuid()`)
    const added = withClient(own.pool, (tx) => store.add(tx, [record('elsewhere')]))
    await expect(added).rejects.toMatchObject({ code: 'transaction_invalid' })
    expect(await store.figures()).toMatchObject({ pending: 0 })
  })

  test('that has not been used yet says how its tables come about', async () => {
    await using own = ownSchema()
    const store = postgresOutbox(own.pool, { schema: own.schema })
    const add = (): Promise<void> => withClient(own.pool, (tx) => store.add(tx, [record('first')]))
    await expect(add()).rejects.toThrow(/^tables_missing: .*await `outbox\.figures\(\)`/)
    await store.figures()
    await add()
    expect(await store.figures()).toMatchObject({ pending: 1 })
    await store.close()
  })
})
