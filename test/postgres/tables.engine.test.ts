import pg from 'pg'
import { expect, onTestFinished, test, vi } from 'vitest'
import { jsonLines, Shell } from '../../src/cli/cli.fixture.ts'
import { openBus } from '../../src/index.ts'
import {
  migrate,
  postgres,
  postgresInbox,
  postgresOutbox,
  postgresProjections,
  postgresSchemaStore,
  postgresStreams,
} from '../../src/postgres/index.ts'
import { pendingTables, scriptOf } from '../../src/postgres/migrate.ts'
import { describeOnServer, type OwnSchema, ownSchema } from '../../src/postgres/server.fixture.ts'
import { catalog, changed, topic } from './gap-catalog.ts'

const event = { id: '1', type: 'happened', timeMs: 0, body: '{}' }

describeOnServer('The tables in PostgreSQL', () => {
  test('are made once when several do it at the same time', async () => {
    await using own = ownSchema()
    const runs = await Promise.all([1, 2, 3].map(() => migrate(own.url)))
    const counts = runs.map(({ migrations }) => migrations.length).toSorted((a, b) => a - b)
    expect(counts.slice(0, 2)).toEqual([0, 0])
    expect(counts[2]).toBeGreaterThan(3)
  })

  test('are not made by a dry run, whose SQL makes them by hand', async () => {
    await using own = ownSchema()
    const { sql } = await migrate(own.url, { dryRun: true })
    await expect(postgres(own.url, { create: false })).rejects.toMatchObject({ code: 'tables_missing' })
    await own.pool.query(sql)
    await (await postgres(own.url, { create: false })).close()
    expect(await migrate(own.url)).toMatchObject({ migrations: [], sql: '' })
  })

  test('are left alone when a newer version has made them', async () => {
    await using own = ownSchema()
    await migrate(own.url)
    await own.pool.query(`UPDATE ${own.schema}.format SET number = 999`)
    await expect(postgres(own.url)).rejects.toMatchObject({ code: 'tables_version' })
    await expect(migrate(own.url)).rejects.toMatchObject({ code: 'tables_version' })
  })

  test('that are not there yet keep nobody from asking what the server can do, which makes none', async () => {
    await using own = ownSchema()
    using shell = new Shell()
    const { exitCode, stdout, stderr } = await shell.run(['engines', own.url])
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^order +per partition /m)])
    expect(stdout).toMatch(/^fsync +on +safe$/m)
    expect(stderr).toMatch(/^postgres, \d+\.\d+\n/)
    expect(stderr).toContain(`The tables in schema "${own.schema}" are not there`)
    expect(stderr).toContain('Run `tidings migrate`')
    const asJson = await shell.run(['engines', own.url, '--json'])
    expect(jsonLines(asJson.stdout)).toMatchObject([
      { engine: 'postgres', capabilities: { durableAck: 'fsync', callerTransaction: false } },
    ])
    const { rows } = await own.pool.query('SELECT to_regnamespace($1) AS found', [own.schema])
    expect(rows).toEqual([{ found: null }])
  })

  test('of an outbox without eras are migrated with what waits in it, wherever they have come from', async () => {
    await using own = ownSchema()
    const { pool, schema, url } = own
    const known = await pendingTables(pool, schema)
    await pool.query(scriptOf(schema, known.slice(0, 5)))
    // Of a dump of another server, whose numbers this one has not reached.
    const add = `INSERT INTO ${schema}.outbox (xid, topic, partition, body) VALUES ($1, 'changes', 0, $2)`
    await pool.query(add, ['9223372036854775807', 'dumped'])
    const outbox = postgresOutbox(url)
    const term = await outbox.lead('relay', 60_000)
    if (term === undefined) throw new Error('Another relay has the right.')
    await pool.query(`INSERT INTO ${schema}.outbox (topic, partition, body) VALUES ('changes', 0, 'new')`)
    const claimed = await outbox.claim(term, { maxRecords: 10, maxBytes: 1e6 })
    expect(claimed.map(({ body }) => body)).toEqual(['dumped', 'new'])
    await outbox.close()
  })

  test('that somebody drops are missed, by name', async () => {
    await using own = ownSchema()
    const engine = await postgres(own.url)
    const bus = await openBus({ transport: engine, source: '/tables', catalog })
    const group = bus.group('readers', { start: 'start' }).on(changed, () => undefined)
    const running = group.run()
    await group.joined()
    await own.pool.query(`DROP TABLE ${own.schema}.record`)
    const published = bus.publish(changed, { key: 'a', version: 1 })
    await expect(published).rejects.toMatchObject({ code: 'tables_missing' })
    await expect(published).rejects.toThrow('"record"')
    await expect(running).rejects.toMatchObject({ code: 'tables_missing' })
    await bus.close()
  })

  test('need no more rights than the documented ones', async () => {
    await using own = ownSchema()
    await migrate(own.url)
    const url = await serviceUrl(own)
    await expect(migrate(`${url}_b`)).rejects.toMatchObject({ code: 'access_denied' })

    const bus = await openBus({
      transport: await postgres(url, { create: false }),
      source: '/tables',
      catalog,
    })
    await bus.publish(changed, { key: 'a', version: 1 })
    await own.pool.query(`UPDATE ${own.schema}.segment SET begun_at = 0`)
    await bus.admin.truncate(topic.name, 0, 1_000)
    await bus.admin.truncate(topic.name, 1, 1_000)
    const segments = await own.pool.query(`SELECT id FROM ${own.schema}.segment`)
    expect(segments.rows.map(({ id }) => id)).toContain(2)

    const [inbox, outbox, streams, projections, schemas] = [
      postgresInbox(url, { create: false }),
      postgresOutbox(url, { create: false }),
      postgresStreams(url, { create: false }),
      postgresProjections(url, { create: false }),
      postgresSchemaStore(url, { create: false }),
    ]
    expect(await inbox.prune('billing', 0)).toBe(0)
    const term = await outbox.lead('relay', 1_000)
    if (term === undefined) throw new Error('Another relay has the right.')
    expect(await outbox.claim(term, { maxRecords: 1, maxBytes: 1 })).toEqual([])
    await streams.append({ name: 'order', id: '1' }, [event], { expected: 'empty' })
    expect(await streams.countAll({ after: undefined })).toBe(1)
    await projections.begin('orders', 'live', async () => undefined)
    expect(await schemas.subjects()).toEqual([])
    for (const store of [inbox, outbox, streams, projections, schemas]) await store.close()
    await bus.close()
    await own.pool.query(`DROP OWNED BY ${own.schema}_service; DROP ROLE ${own.schema}_service`)
  })
})

describeOnServer("Functions with their owner's rights", () => {
  test('take no temporary table of a caller for one of theirs', async () => {
    await using own = ownSchema()
    await migrate(own.url)
    const caller = await own.pool.connect()
    try {
      await caller.query('CREATE TEMPORARY TABLE segment (id integer, begun_at bigint)')
      await caller.query('CREATE TEMPORARY TABLE topic_partition (slot integer, begin_offset bigint)')
      await caller.query('INSERT INTO segment VALUES (1, 0), (2, 0)')
      const dropped = await caller.query(`SELECT ${own.schema}.drop_segments($1) AS count`, [Date.now()])
      expect(dropped.rows).toEqual([{ count: 0 }])
    } finally {
      caller.release(true)
    }
  })
})

/** The URL of a user with the rights of docs/postgres.md. */
async function serviceUrl({ pool, schema, url }: OwnSchema): Promise<string> {
  const role = `${schema}_service`
  await pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'service'`)
  await pool.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`)
  await pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`)
  return Object.assign(new URL(url), { username: role, password: 'service' }).href
}

describeOnServer('A database that is not reached', () => {
  test('says what is wrong, and no password', async () => {
    await using own = ownSchema()
    const wrong = Object.assign(new URL(own.url), { password: 'sesame' }).href
    const without = Object.assign(new URL(own.url), { password: '' }).href
    const nowhere = Object.assign(new URL(own.url), { port: '1' }).href
    const missing = Object.assign(new URL(own.url), { pathname: '/nothing' }).href
    for (const [url, code] of [
      [wrong, 'access_denied'],
      [without, 'access_denied'],
      [nowhere, 'engine_unreachable'],
      [missing, 'engine_unreachable'],
    ] as const) {
      const opened = postgres(url)
      await expect(opened).rejects.toMatchObject({ code })
      await expect(opened).rejects.not.toThrow(/sesame|tidings:tidings/)
    }
  })

  test('takes the password from the environment, where nobody else sees it', async () => {
    await using own = ownSchema()
    const { password } = new URL(own.url)
    vi.stubEnv('PGPASSWORD', password)
    onTestFinished(() => void vi.unstubAllEnvs())
    await (await postgres(Object.assign(new URL(own.url), { password: '' }).href)).close()
  })

  test('is reached by the next call once it answers', async () => {
    await using own = ownSchema()
    const pool = new pg.Pool({ connectionString: own.url })
    let reachable = false
    const store = postgresOutbox(
      {
        query: (text, values) => pool.query(text, values),
        connect: () =>
          reachable
            ? pool.connect()
            : Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' })),
      },
      { schema: own.schema },
    )
    await expect(store.figures()).rejects.toMatchObject({ code: 'engine_unreachable' })
    reachable = true
    expect(await store.figures()).toMatchObject({ pending: 0 })
    await store.close()
    await pool.end()
  })
})
