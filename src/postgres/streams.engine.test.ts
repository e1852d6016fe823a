import { expect, test } from 'vitest'
import type { StreamEvent } from '../streams/index.ts'
import { compareWithModel } from '../streams/stream-model.fixture.ts'
import { projectionStoreContract, streamStoreContract, VirtualClock } from '../testing/index.ts'
import { postgresProjections } from './projection-store.ts'
import type { PostgresQuery } from './query.ts'
import { describeOnServer, disposing, ownSchema } from './server.fixture.ts'
import { postgresStreams } from './stream-store.ts'
import { createWritten } from './written.fixture.ts'

function eventOf(id: string): StreamEvent {
  return { id, type: 'happened', timeMs: 0, body: '{}' }
}

describeOnServer('The streams in PostgreSQL', () => {
  streamStoreContract({
    test,
    async open() {
      const own = ownSchema()
      const clock = new VirtualClock()
      const store = postgresStreams(own.pool, { schema: own.schema, clock })
      await store.countAll({ after: undefined })
      return {
        store,
        clock,
        ...(await createWritten(own)),
        ...disposing(
          () => store.close(),
          () => own[Symbol.asyncDispose](),
        ),
      }
    },
  })
})

describeOnServer('The stream store in PostgreSQL', () => {
  test('does what its model does', async () => {
    await using own = ownSchema()
    const { pool, schema } = own
    const first = postgresStreams(pool, { schema })
    await first.countAll({ after: undefined })
    await first.close()
    const open = async (): Promise<never> => {
      await pool.query(`TRUNCATE ${schema}.stream, ${schema}.stream_event`)
      return postgresStreams(pool, { schema }) as never
    }
    await expect(compareWithModel(open, 20)).resolves.toBeUndefined()
  })
})

describeOnServer('The projections in PostgreSQL', () => {
  projectionStoreContract({
    test,
    async open() {
      const own = ownSchema()
      const store = postgresProjections(own.pool, { schema: own.schema })
      await store.checkpoints()
      return {
        store,
        ...(await createWritten(own)),
        ...disposing(
          () => store.close(),
          () => own[Symbol.asyncDispose](),
        ),
      }
    },
  })
})

describeOnServer('Appends to PostgreSQL that share a transaction', () => {
  test('are written with what goes with them, each stream in its order', async () => {
    await using own = ownSchema()
    const store = postgresStreams(own.pool, { schema: own.schema })
    await store.countAll({ after: undefined })
    const written = await createWritten(own)
    const append = (id: string, event: string) =>
      store.append({ name: 'order', id }, [eventOf(event)], {
        expected: 'any',
        within: (tx) => written.write(tx, event),
      })
    await Promise.all([append('1', 'a1'), append('2', 'b1'), append('1', 'a2'), append('3', 'c1')])
    const all = await store.readAll({ after: undefined, limit: 10 })
    expect(all.map(({ id }) => id).toSorted()).toEqual(['a1', 'a2', 'b1', 'c1'])
    const { rows } = await own.pool.query(
      `SELECT count(DISTINCT xid) AS count FROM ${own.schema}.stream_event`,
    )
    expect(Number(rows[0].count)).toBeLessThan(4)
    const order = await written.rows()
    expect(order.indexOf('a1')).toBeLessThan(order.indexOf('a2'))
    expect(order.length).toBe(4)
    await store.close()
  })

  test('fail alone: the others are written, once', async () => {
    await using own = ownSchema()
    const store = postgresStreams(own.pool, { schema: own.schema })
    await store.countAll({ after: undefined })
    const written = await createWritten(own)
    const append = (id: string, run: (tx: PostgresQuery) => Promise<void>) =>
      store.append({ name: 'order', id }, [eventOf(id)], { expected: 'empty', within: run })
    const failure = new Error('no such customer')
    const results = await Promise.allSettled([
      append('1', async (tx) => written.write(tx, '1')),
      append('2', async (tx) => {
        await written.write(tx, '2')
        throw failure
      }),
      append('3', async (tx) => void (await tx.query('SELECT 1 FROM nowhere'))),
      append('4', async (tx) => written.write(tx, '4')),
      store.append({ name: 'order', id: '1' }, [eventOf('5')], { expected: 7 }),
    ])
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
      'rejected',
    ])
    expect(results[1]).toMatchObject({ reason: failure })
    expect(results[2]).toMatchObject({ reason: { code: 'tables_missing' } })
    expect((await written.rows()).toSorted()).toEqual(['1', '4'])
    const all = await store.readAll({ after: undefined, limit: 10 })
    expect(all.map(({ id }) => id).toSorted()).toEqual(['1', '4'])
    await store.close()
  })
})

describeOnServer('A projection in PostgreSQL', () => {
  test('whose tables cannot be created is not begun, whatever the reason', async () => {
    await using own = ownSchema()
    const store = postgresProjections(own.pool, { schema: own.schema })
    await store.checkpoints()
    await own.pool.query(`CREATE TABLE ${own.schema}.view (id text PRIMARY KEY)`)
    const insert = `INSERT INTO ${own.schema}.view VALUES ('taken')`
    await own.pool.query(insert)
    const create = async (tx: PostgresQuery): Promise<void> => void (await tx.query(insert))
    await expect(store.begin('list', 'live', create)).rejects.toThrow(/duplicate key/)
    expect(await store.checkpoints()).toEqual([])
    await store.close()
  })
})

describeOnServer('Reading all streams in PostgreSQL', () => {
  test('waits for an append that was begun before, and for nobody else', async () => {
    await using own = ownSchema()
    const { pool, schema } = own
    const store = postgresStreams(pool, { schema })
    const ids = async (): Promise<readonly string[]> =>
      (await store.readAll({ after: undefined, limit: 10 })).map(({ id }) => id)
    const elsewhere = await pool.connect()
    try {
      await elsewhere.query('BEGIN')
      await elsewhere.query('SELECT pg_current_xact_id()')
      await store.append({ name: 'order', id: '1' }, [eventOf('a')], { expected: 'any' })
      expect(await ids()).toEqual(['a'])
      const begun = Promise.withResolvers<void>()
      const finish = Promise.withResolvers<void>()
      const slow = store.append({ name: 'order', id: '2' }, [eventOf('slow')], {
        expected: 'any',
        async within() {
          begun.resolve()
          await finish.promise
        },
      })
      await begun.promise
      await store.append({ name: 'order', id: '3' }, [eventOf('fast')], { expected: 'any' })
      expect(await ids()).toEqual(['a'])
      finish.resolve()
      await slow
      expect(await ids()).toEqual(['a', 'slow', 'fast'])
    } finally {
      elsewhere.release(true)
      await store.close()
    }
  })

  test('goes on behind what a restored dump brought, though its transactions are numbered lower', async () => {
    await using own = ownSchema()
    const { pool, schema } = own
    const store = postgresStreams(pool, { schema })
    await store.append({ name: 'order', id: '1' }, [eventOf('dumped')], { expected: 'empty' })
    await pool.query(`UPDATE ${schema}.stream_event SET xid = '9223372036854775807'`)
    await pool.query(`UPDATE ${schema}.era SET system_identifier = 42`)
    await store.append({ name: 'order', id: '1' }, [eventOf('new')], { expected: 1 })
    const all = await store.readAll({ after: undefined, limit: 10 })
    expect(all.map(({ id }) => id)).toEqual(['dumped', 'new'])
    expect((await store.readAll({ after: all[0]?.position, limit: 10 })).map(({ id }) => id)).toEqual(['new'])
    await store.close()
  })
})
