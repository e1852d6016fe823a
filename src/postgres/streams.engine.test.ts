import { expect, test } from 'vitest'
import type { StreamEvent } from '../streams/index.ts'
import { projectionStoreContract, streamStoreContract, VirtualClock } from '../testing/index.ts'
import { postgresProjections } from './projection-store.ts'
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
