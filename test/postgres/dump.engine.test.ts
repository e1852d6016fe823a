import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import { openBus } from '../../src/index.ts'
import {
  type PostgresQuery,
  postgres,
  postgresInbox,
  postgresOutbox,
  postgresProjections,
  postgresStreams,
} from '../../src/postgres/index.ts'
import { describeOnServer } from '../../src/postgres/server.fixture.ts'
import { defineProjection, defineStream, openProjections, openStreams } from '../../src/streams/index.ts'
import { programs } from '../engines/postgres.ts'
import { catalog, changed } from './gap-catalog.ts'
import { OwnServer } from './own-server.ts'

const counterStream = defineStream('counter', { events: [changed] })
const counter = counterStream.decider<number, { readonly key: string }>({
  initialState: 0,
  decide: ({ key }, state) => changed.create({ key, version: state + 1 }),
  evolve: (_state, event) => event.data.version,
})

/** A read model that keeps what it is given, in the order that it gets it. */
const seen = defineProjection('seen', {
  streams: [counterStream],
  create: async (tx: PostgresQuery, table) => {
    await tx.query(`CREATE TABLE ${table} (place serial, key text, version integer)`)
  },
  apply: async (tx, { event }, table) => {
    await tx.query(`INSERT INTO ${table} (key, version) VALUES ($1, $2)`, [
      event.data.key,
      event.data.version,
    ])
  },
  drop: async (tx, table) => {
    await tx.query(`DROP TABLE ${table}`)
  },
})

const keys = ['a', 'b', 'c', 'd']

async function openBusOn(url: string) {
  return openBus({ transport: await postgres(url), source: '/dump', catalog })
}

/** A service on a server: its streams, its outbox, its log, and what has become of them. */
class Service {
  readonly pool: pg.Pool
  readonly outbox
  readonly store
  readonly streams
  readonly projections
  readonly bus
  readonly #checkpoints

  private constructor(url: string, bus: Awaited<ReturnType<typeof openBusOn>>) {
    this.pool = new pg.Pool({ connectionString: url })
    this.bus = bus
    this.outbox = postgresOutbox(this.pool)
    this.store = postgresStreams(this.pool)
    this.#checkpoints = postgresProjections(this.pool)
    this.streams = openStreams({ store: this.store, source: '/dump' })
    this.projections = openProjections({ streams: this.store, store: this.#checkpoints, projections: [seen] })
  }

  static async open(url: string): Promise<Service> {
    return new Service(url, await openBusOn(url))
  }

  /** Commands for all keys at once, so that their events are in an order that only the store knows. */
  async count(times: number): Promise<void> {
    for (let time = 0; time < times; time++)
      await Promise.all(keys.map((key) => this.streams.execute(counter, key, { key })))
  }

  /** Adds to the outbox without a relay, each event in a transaction of its own. */
  async add(versions: readonly number[]): Promise<void> {
    const outbox = this.bus.outbox(this.outbox, { relay: false })
    for (const version of versions) {
      const tx = await this.pool.connect()
      await tx.query('BEGIN')
      await outbox.publish(tx, changed, { key: 'K', version })
      await tx.query('COMMIT')
      tx.release()
    }
  }

  /** All events of all streams, in their order. */
  async appended(): Promise<readonly string[]> {
    return (await this.store.readAll({ after: undefined, limit: 1_000 })).map(({ id }) => id)
  }

  async seenInOrder(): Promise<readonly string[]> {
    const table = await this.projections.tableOf('seen')
    const { rows } = await this.pool.query(`SELECT key, version FROM ${table} ORDER BY place`)
    return rows.map(({ key, version }) => `${key} ${version}`)
  }

  async nextXid(): Promise<number> {
    const { rows } = await this.pool.query('SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next')
    return Number(rows[0].next)
  }

  /** Handles what is published, with effects through an inbox; returns them when the group has caught up. */
  async handle(): Promise<readonly number[]> {
    const inbox = postgresInbox(this.pool)
    await this.pool.query('CREATE TABLE IF NOT EXISTS effect (place serial, version integer)')
    const group = this.bus.group('effects', { start: 'start', inbox })
    group.on(changed, async ({ event, transact }) => {
      await transact((tx) => tx.query('INSERT INTO effect (version) VALUES ($1)', [event.data.version]))
    })
    await group.caughtUp()
    await group.stop()
    await inbox.close()
    const { rows } = await this.pool.query('SELECT version FROM effect ORDER BY place')
    return rows.map(({ version }) => version)
  }

  async close(): Promise<void> {
    await this.bus.close()
    for (const each of [this.outbox, this.store, this.#checkpoints]) await each.close()
    await this.pool.end()
  }
}

/** Brings what is in one server's database into another's, as an operator would. */
function restore(from: string, into: string): void {
  const bin = programs() ?? ''
  const sql = execFileSync(join(bin, 'pg_dump'), ['--no-owner', `--dbname=${from}`], { maxBuffer: 1e9 })
  execFileSync(join(bin, 'psql'), ['--quiet', '--set=ON_ERROR_STOP=1', `--dbname=${into}`], { input: sql })
}

/** Lets a server number some transactions, as it does in its life. */
async function age(pool: pg.Pool, transactions: number): Promise<void> {
  await pool.query(
    `DO $$ BEGIN FOR i IN 1..${transactions} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`,
  )
}

describeOnServer('A dump that is restored on another server', () => {
  test('brings what was pending, the streams and the checkpoints; what is new comes after it', {
    timeout: 120_000,
  }, async () => {
    const [old, next] = [new OwnServer(), new OwnServer()]
    const [from, into] = await Promise.all([old.start(), next.start()])
    const before = await Service.open(from)
    await before.count(2)
    await before.projections.catchUp()
    await before.bus.publishAll([1, 2, 3].map((version) => changed.create({ key: 'K', version })))
    expect(await before.handle()).toEqual([1, 2, 3])
    await age(before.pool, 3_000)
    // Not applied yet, not relayed yet, not handled yet.
    await before.count(1)
    await before.bus.publishAll([4, 5].map((version) => changed.create({ key: 'K', version })))
    await before.add([6, 7, 8])
    // Somebody is writing, and does not get it into the dump.
    const unfinished = await before.pool.connect()
    await unfinished.query('BEGIN')
    await before.bus
      .outbox(before.outbox, { relay: false })
      .publish(unfinished, changed, { key: 'K', version: 99 })
    const appended = await before.appended()
    const numbered = await before.nextXid()
    expect(appended).toHaveLength(3 * keys.length)
    restore(from, into)
    unfinished.release(true)
    await before.close()

    const after = await Service.open(into)
    expect(await after.nextXid()).toBeLessThan(numbered - 1_000)
    // Before anything is written here: all that was appended can be read, and the projection lacks what it lacked.
    expect(await after.appended()).toEqual(appended)
    expect(await after.projections.status()).toMatchObject([{ behind: keys.length }])
    await after.add([9, 10])
    await after.count(1)
    expect((await after.appended()).slice(0, appended.length)).toEqual(appended)
    await after.projections.catchUp()
    const model = await after.seenInOrder()
    expect(model.toSorted()).toEqual(
      keys.flatMap((key) => [1, 2, 3, 4].map((version) => `${key} ${version}`)),
    )
    expect(new Set(model.slice(-keys.length))).toEqual(new Set(keys.map((key) => `${key} 4`)))

    expect(await after.outbox.figures()).toMatchObject({ pending: 5 })
    after.bus.outbox(after.outbox)
    await expect.poll(() => after.outbox.figures(), { timeout: 30_000 }).toMatchObject({ pending: 0 })
    expect(await after.handle()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    await after.close()
  })

  test('and from there on a third one, begins an era on each', { timeout: 120_000 }, async () => {
    const servers = [new OwnServer(), new OwnServer(), new OwnServer()]
    const urls = await Promise.all(servers.map((server) => server.start()))
    for (const [index, url] of urls.entries()) {
      const previous = urls[index - 1]
      if (previous !== undefined) restore(previous, url)
      const service = await Service.open(url)
      await age(service.pool, 3_000 - 1_000 * index)
      await service.add([index])
      // A relay that stands by has begun the era, and publishes nothing.
      const term = await service.outbox.lead('relay', 1)
      if (term === undefined) throw new Error('Another relay has the right.')
      const claimed = await service.outbox.claim(term, { maxRecords: 10, maxBytes: 1e6 })
      expect(claimed).toHaveLength(index + 1)
      await service.count(1)
      const { rows } = await service.pool.query(
        `SELECT (SELECT array_agg(DISTINCT era::integer ORDER BY era::integer) FROM tidings.outbox) AS outbox,
          (SELECT array_agg(DISTINCT era::integer ORDER BY era::integer) FROM tidings.stream_event) AS streams`,
      )
      const eras = Array.from({ length: index + 1 }, (_, era) => era + 1)
      expect(rows[0]).toEqual({ outbox: eras, streams: eras })
      expect(await service.appended()).toHaveLength((index + 1) * keys.length)
      await service.close()
    }
  })
})
