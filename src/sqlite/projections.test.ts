import type { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { limits, seededRandom, TidingsError } from '../kernel/index.ts'
import { defineProjection, openProjections, openStreams } from '../streams/index.ts'
import { order, orderStream } from '../streams/orders.fixture.ts'
import { settle, VirtualClock } from '../testing/index.ts'
import { openDatabase } from './database.ts'
import { sqliteProjections, sqliteStreams } from './index.ts'
import { folder } from './sqlite.fixture.ts'

const payments = defineProjection('order-payments', {
  streams: [orderStream],
  create: (tx: DatabaseSync, table) =>
    tx.exec(`CREATE TABLE ${table} (id TEXT PRIMARY KEY, payments INTEGER NOT NULL) STRICT`),
  apply(tx: DatabaseSync, { event, stream }, table) {
    if (event.type === 'order.paid' && event.data.paymentId === 'broken') throw new Error('no such column')
    const payment = event.type === 'order.paid' ? 1 : 0
    tx.prepare(`INSERT INTO ${table} VALUES (?1, ?2) ON CONFLICT DO UPDATE SET payments = payments + ?2`).run(
      stream.id,
      payment,
    )
  },
  drop: (tx: DatabaseSync, table) => tx.exec(`DROP TABLE ${table}`),
})

function service(file: string) {
  const clock = new VirtualClock()
  const database = openDatabase(file)
  const store = sqliteStreams(database, { clock })
  const streams = openStreams({ store, source: '/orders', clock, random: seededRandom(1) })
  const open = () =>
    openProjections({
      streams: store,
      store: sqliteProjections(database, { clock }),
      projections: [payments],
      clock,
    })
  return {
    clock,
    database,
    streams,
    open,
    projections: open(),
    rows: (table: string) =>
      database
        .prepare(`SELECT id, payments FROM ${table} ORDER BY id`)
        .all()
        .map((row) => [row['id'], row['payments']]),
    async place(id: string, paid = 0) {
      await streams.execute(order, id, { type: 'place', cents: 1 })
      for (let index = 0; index < paid; index++)
        await streams.execute(order, id, { type: 'pay', paymentId: `${index}` })
    },
    async [Symbol.asyncDispose]() {
      await store.close()
      database.close()
    },
  }
}

describe('A projection', () => {
  test('catches up with all events, each once, and goes on where it was', async () => {
    using files = folder()
    await using opened = service(files.file())
    await opened.place('7', 2)
    await opened.projections.catchUp()
    const table = await opened.projections.tableOf('order-payments')
    expect([table, opened.rows(table)]).toEqual(['order_payments_1', [['7', 2]]])
    await opened.place('8', 1)
    expect(await opened.projections.status()).toEqual([
      { projection: 'order-payments', build: 1, state: 'live', table, behind: 2 },
    ])
    await Promise.all([opened.projections.catchUp(), opened.open().catchUp('order-payments')])
    expect(opened.rows(table)).toEqual([
      ['7', 2],
      ['8', 1],
    ])
    expect((await opened.projections.status())[0]?.behind).toBe(0)
  })

  test('says how far it has come', async () => {
    using files = folder()
    await using opened = service(files.file())
    const many = limits.projectionBatch + 1
    for (let at = 0; at < many; at++)
      await opened.streams.execute(order, `${at}`, { type: 'place', cents: 1 })
    const seen: (readonly [number, number])[] = []
    await opened.projections.catchUp('order-payments', ({ applied, total }) => seen.push([applied, total]))
    expect(seen).toEqual([
      [0, many],
      [limits.projectionBatch, many],
      [many, many],
    ])
  })

  test('is rebuilt beside the live one, which is read until the new one takes its place', async () => {
    using files = folder()
    await using opened = service(files.file())
    await opened.place('7', 2)
    await opened.projections.catchUp()
    opened.database.exec('UPDATE order_payments_1 SET payments = 99')
    const during: unknown[] = []
    await opened.projections.rebuild('order-payments', ({ table }) => {
      during.push([table, opened.rows('order_payments_1')])
    })
    expect(during).toEqual([
      ['order_payments_2', [['7', 99]]],
      ['order_payments_2', [['7', 99]]],
    ])
    expect(await opened.projections.tableOf('order-payments')).toBe('order_payments_2')
    expect(opened.rows('order_payments_2')).toEqual([['7', 2]])
    expect(() => opened.rows('order_payments_1')).toThrow(/no such table/)
    await opened.place('8', 1)
    await opened.projections.catchUp()
    expect(opened.rows('order_payments_2').length).toBe(2)
  })

  test('that was rebuilt has what was appended while it took the place of the live one', async () => {
    using files = folder()
    await using opened = service(files.file())
    const { clock, database, streams } = opened
    await opened.place('7', 2)
    await opened.projections.catchUp()
    const store = sqliteProjections(database, { clock })
    const swap = store.swap.bind(store)
    store.swap = async (...given) => {
      await opened.place('8', 1)
      await opened.projections.catchUp()
      await swap(...given)
    }
    await openProjections({ streams: streams.store, store, projections: [payments], clock }).rebuild(
      'order-payments',
    )
    expect(opened.rows('order_payments_2')).toEqual([
      ['7', 2],
      ['8', 1],
    ])
  })

  test('whose rebuild was interrupted goes on with it', async () => {
    using files = folder()
    await using opened = service(files.file())
    await opened.place('7', 2)
    await opened.projections.catchUp()
    const interrupted = opened.projections.rebuild('order-payments', ({ applied }) => {
      if (applied > 0) throw new Error('interrupted')
    })
    await expect(interrupted).rejects.toThrow('interrupted')
    expect(
      (await opened.projections.status()).map(({ build, state, behind }) => [build, state, behind]),
    ).toEqual([
      [1, 'live', 0],
      [2, 'building', 0],
    ])
    await opened.projections.rebuild('order-payments')
    expect(opened.rows('order_payments_2')).toEqual([['7', 2]])
  })

  test('may take in many events at once, in their order', async () => {
    using files = folder()
    await using opened = service(files.file())
    await opened.place('7', 2)
    await opened.place('8')
    const pages: string[][] = []
    const counted = defineProjection('counted', {
      streams: [orderStream],
      create: (tx: DatabaseSync, table) => tx.exec(`CREATE TABLE ${table} (events INTEGER) STRICT`),
      applyAll(tx: DatabaseSync, recorded, table) {
        pages.push(recorded.map(({ stream, streamVersion }) => `${stream.id}@${streamVersion}`))
        tx.prepare(`INSERT INTO ${table} VALUES (?)`).run(recorded.length)
      },
      drop: (tx: DatabaseSync, table) => tx.exec(`DROP TABLE ${table}`),
    })
    const { database, streams } = opened
    const store = sqliteProjections(database)
    await openProjections({ streams: streams.store, store, projections: [counted] }).catchUp()
    expect(pages).toEqual([['7@1', '7@2', '7@3', '8@1']])
  })

  test('that throws an error of Tidings fails, as with any other', async () => {
    using files = folder()
    await using opened = service(files.file())
    await opened.place('7')
    const { database, streams } = opened
    const failing = defineProjection('failing', {
      streams: [orderStream],
      create: () => undefined,
      apply() {
        throw new TidingsError('fenced', 'Somebody else is here.')
      },
      drop: () => undefined,
    })
    const store = sqliteProjections(database)
    const catchUp = openProjections({ streams: streams.store, store, projections: [failing] }).catchUp()
    await expect(catchUp).rejects.toThrow('fenced: Somebody else is here.')
  })

  test('whose code has changed since its rebuild was interrupted is rebuilt anew', async () => {
    using files = folder()
    await using opened = service(files.file())
    await opened.place('7', 2)
    const interrupted = opened.projections.rebuild('order-payments', ({ applied }) => {
      if (applied > 0) throw new Error('interrupted')
    })
    await expect(interrupted).rejects.toThrow('interrupted')
    opened.database.exec('UPDATE order_payments_1 SET payments = 99')
    await opened.projections.rebuild('order-payments', undefined, { anew: true })
    expect(opened.rows('order_payments_1')).toEqual([['7', 2]])
    await opened.projections.rebuild('order-payments', undefined, { anew: true })
    expect(opened.rows('order_payments_2')).toEqual([['7', 2]])
  })

  test('that fails keeps what it has, also when it is followed, and is tried again', async () => {
    using files = folder()
    await using opened = service(files.file())
    await opened.place('7', 1)
    const following = new AbortController()
    const followed = opened.projections.follow(following.signal)
    await settle()
    expect(opened.rows('order_payments_1')).toEqual([['7', 1]])
    await opened.streams.execute(order, '7', { type: 'pay', paymentId: 'new' })
    await settle()
    expect(opened.rows('order_payments_1')).toEqual([['7', 2]])
    await opened.streams.execute(order, '7', { type: 'pay', paymentId: 'broken' })
    await expect(opened.open().catchUp()).rejects.toThrow('no such column')
    expect(opened.rows('order_payments_1')).toEqual([['7', 2]])
    following.abort()
    await opened.clock.advance(limits.projectionRetryMs)
    await followed
  })

  test('that is not there is named', async () => {
    using files = folder()
    await using opened = service(files.file())
    await expect(opened.projections.rebuild('order-payment')).rejects.toThrow(
      'projection_missing: There is no projection "order-payment". Did you mean order-payments?',
    )
    await expect(opened.projections.tableOf('order-payments')).rejects.toThrow(/has no build yet/)
    expect(() => defineProjection('a b', {} as never)).toThrow(/^name_invalid/)
    expect(() => defineProjection('a', { streams: [orderStream], create: 1 } as never)).toThrow(
      'option_invalid: The projection a has neither apply nor applyAll. Give one of them.',
    )
    const both = { streams: [orderStream], create: 1, apply: () => undefined, applyAll: () => undefined }
    expect(() => defineProjection('a', both as never)).toThrow(/has both apply and applyAll/)
    expect(() => defineProjection('a', { ...both, applyAll: undefined } as never)).toThrow(
      'option_invalid: The projection a has 1 as create. Give a function.',
    )
  })
})
