import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, test } from 'vitest'
import { defineEvent, openBus } from '../../src/index.ts'
import { memory } from '../../src/memory/index.ts'
import { postgres, postgresInbox, postgresOutbox, postgresStreams } from '../../src/postgres/index.ts'
import { describeOnServer } from '../../src/postgres/server.fixture.ts'
import { defineStream, mapEvent, openStreams } from '../../src/streams/index.ts'
import { catalog, changed } from './gap-catalog.ts'
import { OwnServer } from './own-server.ts'

const events = 10_000
const together = 100

const stepped = defineEvent('counter.counted').version(1, {
  type: 'object',
  properties: { key: { type: 'string' }, version: { type: 'integer' } },
  required: ['key', 'version'],
} as const)
const counterStream = defineStream('counter', { events: [stepped] })
const counter = counterStream.decider<number, { readonly key: string }>({
  initialState: 0,
  decide: ({ key }, state) => stepped.create({ key, version: state + 1 }),
  evolve: (_state, event) => event.data.version,
})
const counters = 20
const commandsEach = 100

describeOnServer('A PostgreSQL server that ends', () => {
  test('at one third and two thirds of ten thousand events loses none, and doubles no effect', {
    timeout: 120_000,
  }, async () => {
    const server = new OwnServer()
    const url = await server.start()
    const pool = new pg.Pool({ connectionString: url })
    pool.on('error', () => undefined)
    const bus = await openBus({ transport: await postgres(url), source: '/restart', catalog })
    const inbox = postgresInbox(pool)
    await pool.query('CREATE TABLE effect (place serial, key text, version integer)')
    // What counted as an attempt would be a dead letter at once.
    const group = bus.group('effects', { start: 'start', inbox, retry: { attempts: 1 } })
    group.on(changed, async ({ event, transact }) => {
      await transact((tx) =>
        tx.query('INSERT INTO effect (key, version) VALUES ($1, $2)', [event.data.key, event.data.version]),
      )
    })
    const running = group.run()
    let failures = 0
    let restarting: Promise<unknown> = Promise.resolve()
    const restart = async (signal: 'SIGINT' | 'SIGQUIT'): Promise<void> => {
      await server.stop(signal)
      await sleep(300)
      await server.start()
    }
    for (let from = 0; from < events; from += together) {
      const batch = Array.from({ length: together }, (_, index) =>
        changed.create({ key: `key-${(from + index) % 50}`, version: from + index }),
      )
      if (from === 3_300) restarting = restart('SIGINT')
      if (from === 6_600) restarting = restart('SIGQUIT')
      // Published again under the same ids: what was stored all the same is known to the inbox.
      for (;;) {
        try {
          await bus.publishAll(batch)
          break
        } catch (error) {
          expect(error).toMatchObject({
            code: expect.stringMatching(/^(engine_unreachable|publish_failed)$/),
          })
          failures += 1
          await sleep(50)
        }
      }
    }
    await restarting
    const counted = async (): Promise<unknown> => {
      const { rows } = await pool.query(
        'SELECT count(*)::integer AS effects, count(DISTINCT version)::integer AS versions FROM effect',
      )
      return rows[0]
    }
    await expect.poll(counted, { timeout: 60_000 }).toEqual({ effects: events, versions: events })
    const { rows } = await pool.query(
      `SELECT count(*)::integer AS swaps FROM (
           SELECT version < lag(version) OVER (PARTITION BY key ORDER BY place) AS swapped FROM effect) e WHERE swapped`,
    )
    expect(rows[0]).toEqual({ swaps: 0 })
    expect(await bus.deadLetters.count({})).toBe(0)
    expect(failures).toBeGreaterThan(0)
    await bus.close()
    await running
    await inbox.close()
    await pool.end()
  })

  test('in the middle of commands carries each out once, and what it tells others arrives in order', {
    timeout: 60_000,
  }, async () => {
    const server = new OwnServer()
    const pool = new pg.Pool({ connectionString: await server.start() })
    pool.on('error', () => undefined)
    const bus = await openBus({ transport: memory(), source: '/restart', catalog })
    const seen = new Map<string, { readonly id: string; readonly version: number }[]>()
    const group = bus.group('others', { start: 'start' }).on(changed, ({ event: { id, data } }) => {
      const before = seen.get(data.key) ?? []
      // Told again under the same id, when the server ended between the publication and its settling.
      if (!before.some((each) => each.id === id)) before.push({ id, version: data.version })
      seen.set(data.key, before)
    })
    const running = group.run()
    const pending = postgresOutbox(pool)
    const outbox = bus.outbox(pending, { report: () => undefined })
    const mappings = [mapEvent(stepped, ({ data }) => changed.create(data))]
    const streams = openStreams({ store: postgresStreams(pool), outbox, mappings, source: '/restart' })
    let failures = 0
    const carryOut = async (key: string, command: number): Promise<void> => {
      for (;;) {
        try {
          await streams.execute(counter, key, { key }, { idempotencyKey: `command ${command}` })
          return
        } catch (error) {
          expect(error).toMatchObject({ kind: 'unreachable' })
          failures += 1
          await sleep(50)
        }
      }
    }
    let restarting: Promise<unknown> | undefined
    const restart = async (): Promise<void> => {
      await server.stop('SIGQUIT')
      await server.start()
    }
    await Promise.all(
      Array.from({ length: counters }, async (_, index) => {
        for (let command = 0; command < commandsEach; command++) {
          if (command === commandsEach / 2) restarting ??= restart()
          await carryOut(`key-${index}`, command)
        }
      }),
    )
    await restarting
    const inOrder = Array.from({ length: commandsEach }, (_, index) => index + 1)
    for (let index = 0; index < counters; index++)
      expect(await streams.load(counter, `key-${index}`)).toEqual({
        state: commandsEach,
        version: commandsEach,
      })
    const told = (): unknown => [...seen.values()].map((each) => each.map(({ version }) => version))
    await expect.poll(told, { timeout: 60_000 }).toEqual(Array.from({ length: counters }, () => inOrder))
    expect(failures).toBeGreaterThan(0)
    await bus.close()
    await running
    await streams.close()
    await pending.close()
    await pool.end()
  })

  test('or that does not sync says so, and a bus that requires durability does not open', async () => {
    const server = new OwnServer()
    const url = await server.start(['fsync=off'])
    expect(await weakSettings(url)).toEqual(['fsync'])
    await server.stop('SIGINT')
    await server.start(['synchronous_commit=off'])
    expect(await weakSettings(url)).toEqual(['synchronous_commit'])
  })
})

async function weakSettings(url: string): Promise<readonly string[]> {
  const transport = await postgres(url)
  try {
    expect(transport.capabilities.durableAck).toBe('memory')
    const required = openBus({ transport, source: '/tests', catalog, durability: 'required' })
    await expect(required).rejects.toMatchObject({ code: 'not_durable' })
    const { durability } = await transport.probe()
    return durability.filter(({ verdict }) => verdict === 'weak').map(({ setting }) => setting)
  } finally {
    await transport.close()
  }
}
