import { describe, expect, test } from 'vitest'
import type { OutboxRecord } from '../outbox/index.ts'
import { outboxStoreContract, VirtualClock } from '../testing/index.ts'
import { registerSdk } from '../tracing/registered-sdk.fixture.ts'
import { memoryOutbox, memoryTransaction } from './index.ts'

registerSdk()

describe('The outbox in memory', () => {
  outboxStoreContract({
    test,
    async open() {
      const clock = new VirtualClock()
      const store = memoryOutbox({ clock })
      return {
        store,
        clock,
        async transact(run) {
          const written: OutboxRecord[] = []
          await run((records) => void written.push(...records))
          memoryTransaction((tx) => store.add(tx, written))
        },
        async addLate(records) {
          const over = memoryTransaction((tx) => tx)
          store.add(over, records)
        },
        [Symbol.asyncDispose]: () => store.close(),
      }
    },
  })

  test('takes what is added in a transaction in one piece, or not at all', async () => {
    const store = memoryOutbox()
    const record = { topic: 'orders', partition: 0, body: '{}', notBefore: undefined }
    const failing = (): unknown =>
      memoryTransaction((tx) => {
        store.add(tx, [record])
        throw new Error('no')
      })
    expect(failing).toThrow('no')
    expect((await store.figures()).pending).toBe(0)
  })
})
