import { test } from 'vitest'
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
      await inbox.handled('billing', 0, [])
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
