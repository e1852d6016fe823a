import { deepStrictEqual, equal, rejects } from 'node:assert/strict'
import { isTidingsError } from '../kernel/index.ts'
import type { ContractCases } from './contract.ts'
import type { LogStoreContext } from './log-store-contract.ts'
import { append, bodies, createOrders, readAll, record } from './log-store-records.ts'

/** What a LogStore promises of records with a `notBefore`. */
export const delayCases: ContractCases<LogStoreContext> = {
  'holds back a record until it is due, and stamps it then': async ({ store, clock }) => {
    await createOrders(store)
    const dueMs = clock.now() + 5_000
    await append(store, record('later', { notBefore: dueMs }), record('now'))
    deepStrictEqual(await bodies(store), ['now'])
    equal(await store.appendDue(), dueMs)
    await clock.advance(4_999)
    equal(await store.appendDue(), dueMs)
    await clock.advance(1)
    equal(await store.appendDue(), undefined)
    deepStrictEqual(await bodies(store), ['now', 'later'])
    equal((await readAll(store)).at(-1)?.appendedAt, dueMs)
  },

  'appends what is due in the order of the times, then of the calls': async ({ store, clock }) => {
    await createOrders(store)
    const atMs = clock.now()
    for (const [text, delayMs] of [
      ['c', 30],
      ['a', 10],
      ['d', 30],
      ['b', 20],
    ] as const) {
      await append(store, record(text, { notBefore: atMs + delayMs }))
    }
    await clock.advance(1_000)
    await store.appendDue()
    deepStrictEqual(await bodies(store), ['a', 'b', 'c', 'd'])
  },

  'appends a record at once whose time has come already': async ({ store, clock }) => {
    await createOrders(store)
    await append(
      store,
      record('past', { notBefore: clock.now() - 1 }),
      record('now', { notBefore: clock.now() }),
    )
    deepStrictEqual(await bodies(store), ['past', 'now'])
  },

  'appends what is due once, however often it is asked': async ({ store, clock }) => {
    await createOrders(store)
    await append(store, record('a', { notBefore: clock.now() + 10 }))
    await clock.advance(10)
    await Promise.all([store.appendDue(), store.appendDue(), store.appendDue()])
    deepStrictEqual(await bodies(store), ['a'])
  },

  'refuses to hold back a record for a partition that is not there': async ({ store, clock }) => {
    await createOrders(store, 1)
    const delayed = append(store, record('a', { partition: 3, notBefore: clock.now() + 10 }))
    await rejects(delayed, (error) => isTidingsError(error) && error.kind === 'missing')
    equal(await store.appendDue(), undefined)
  },

  'tells watchers that something waits': async ({ store, clock }) => {
    await createOrders(store)
    const told: string[] = []
    store.watch((change) => told.push(change.kind))
    await append(store, record('a', { notBefore: clock.now() + 10 }))
    deepStrictEqual(told, ['delayed'])
  },
}
