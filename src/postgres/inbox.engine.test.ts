import { expect, test } from 'vitest'
import type { InboxClaim } from '../inbox/index.ts'
import { inboxStoreContract, VirtualClock } from '../testing/index.ts'
import { postgresInbox } from './inbox.ts'
import { describeOnServer, disposing, ownSchema } from './server.fixture.ts'

describeOnServer('The inbox in PostgreSQL', () => {
  inboxStoreContract({
    test,
    async open() {
      const own = ownSchema()
      const { pool, schema } = own
      const clock = new VirtualClock()
      const inbox = postgresInbox(pool, { schema, clock })
      await inbox.prune('billing', 0)
      await pool.query(`CREATE TABLE ${schema}.invoice (text text)`)
      return {
        inbox,
        clock,
        transact: (claim, run) =>
          inbox.transaction(claim)(async (tx) => {
            const writes: Promise<unknown>[] = []
            const result = run((row) => {
              writes.push(tx.query(`INSERT INTO ${schema}.invoice VALUES ($1)`, [row]))
            })
            await Promise.all(writes)
            return result
          }),
        // By text: transactions side by side have no order.
        rows: async () =>
          (await pool.query(`SELECT text FROM ${schema}.invoice ORDER BY text`)).rows.map(({ text }) => text),
        ...disposing(
          () => inbox.close(),
          () => own[Symbol.asyncDispose](),
        ),
      }
    },
    skip: {
      'refuses a function that returns a Promise, and writes nothing':
        'it takes one: its transactions are awaited',
    },
  })
})

function claimOf(generation: number, id: number): InboxClaim {
  return {
    fence: { group: 'billing', topic: 'orders', partition: 0, generation },
    runNumber: 0,
    keys: [{ source: '/orders', id: `${id}` }],
    check: () => undefined,
    committed: () => undefined,
  }
}

describeOnServer('The fence of the inbox in PostgreSQL', () => {
  test('is raised by several transactions side by side, and none waits for ever', async () => {
    await using own = ownSchema()
    const inbox = postgresInbox(own.pool, { schema: own.schema })
    const ids = Array.from({ length: 8 }, (_, index) => index)
    // Each round is the first of a new owner: all of its transactions find the fence of the one before.
    for (const generation of [1, 2, 3, 4]) {
      await Promise.all(ids.map((id) => inbox.record(claimOf(generation, generation * 10 + id))))
    }
    const rows = await own.pool.query(`SELECT count(*)::integer AS count FROM ${own.schema}.inbox`)
    expect(rows.rows).toEqual([{ count: 32 }])
  })
})

describeOnServer('A transaction of the inbox in PostgreSQL', () => {
  test('rejects with what its function has thrown, as it was, while its connection is there', async () => {
    await using own = ownSchema()
    const inbox = postgresInbox(own.pool, { schema: own.schema })
    const elsewhere = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })
    const transacted = inbox.transaction(claimOf(1, 1))(() => Promise.reject(elsewhere))
    await expect(transacted).rejects.toBe(elsewhere)
    await inbox.close()
  })

  test('is engine_unreachable when its connection is lost, whatever the function makes of it', async () => {
    await using own = ownSchema()
    const inbox = postgresInbox(own.pool, { schema: own.schema })
    const transacted = inbox.transaction(claimOf(1, 1))(async (tx) => {
      await tx.query('SELECT pg_terminate_backend(pg_backend_pid())').catch((cause: unknown) => {
        throw new Error('The invoice was not written.', { cause })
      })
    })
    await expect(transacted).rejects.toMatchObject({ code: 'engine_unreachable' })
    const [handled] = await inbox.handled('billing', 0, claimOf(1, 1).keys)
    expect(handled).toBe(false)
    await inbox.close()
  })
})
