import { deepStrictEqual, equal, ok, rejects } from 'node:assert/strict'
import { isTidingsError, limits } from '../kernel/index.ts'
import type { Change } from '../log/index.ts'
import type { ContractCases } from './contract.ts'
import type { LogStoreContext } from './log-store-contract.ts'
import {
  append,
  bodies,
  boundsOf,
  createOrders,
  noRetention,
  readAll,
  record,
  topic,
} from './log-store-records.ts'

const missing = (error: unknown): boolean => isTidingsError(error) && error.kind === 'missing'

/** What a LogStore promises of topics and records. */
export const recordCases: ContractCases<LogStoreContext> = {
  'keeps the partition count a topic was created with, and the retention of the last caller': async ({
    store,
  }) => {
    const created = { name: topic, partitions: 2, retention: noRetention }
    deepStrictEqual(await store.createTopic(created), created)
    const again = { name: topic, partitions: 2, retention: { ageMs: 1_000, bytes: 5 } }
    deepStrictEqual(await store.createTopic({ ...again, partitions: 7 }), again)
    deepStrictEqual(await store.topics(), [again])
  },

  'has no records, and bounds of 0, in a new topic': async ({ store }) => {
    await createOrders(store)
    deepStrictEqual(
      await store.bounds(topic),
      [0, 1].map((partition) => ({ topic, partition, begin: 0, end: 0, bytes: 0 })),
    )
    deepStrictEqual(await readAll(store), [])
  },

  'says what is missing: a topic, or a partition of it': async ({ store }) => {
    await rejects(append(store, record('{}')), missing)
    await rejects(readAll(store), missing)
    await rejects(store.bounds(topic), missing)
    await createOrders(store, 1)
    await rejects(append(store, record('{}', { partition: 1 })), missing)
    await rejects(readAll(store, 1), missing)
    await rejects(store.truncate(topic, 1, 1), missing)
  },

  'numbers the records of each partition from 0, without gaps': async ({ store }) => {
    await createOrders(store)
    await append(store, record('a'), record('b', { partition: 1 }), record('c'))
    await append(store, record('d', { partition: 1 }))
    deepStrictEqual(
      (await readAll(store)).map(({ offset, encoded }) => [offset, encoded]),
      [
        [0, 'a'],
        [1, 'c'],
      ],
    )
    deepStrictEqual(
      (await readAll(store, 1)).map(({ offset, encoded }) => [offset, encoded]),
      [
        [0, 'b'],
        [1, 'd'],
      ],
    )
  },

  'keeps the order of calls made one after the other, without awaiting': async ({ store }) => {
    await createOrders(store)
    const numbers = Array.from({ length: 100 }, (_, number) => String(number))
    await Promise.all(numbers.map((number) => append(store, record(number))))
    deepStrictEqual(await bodies(store), numbers)
  },

  'appends all records of a call or none': async ({ store }) => {
    await createOrders(store, 1)
    const half = append(store, record('lost'), record('lost', { partition: 5 }))
    const whole = append(store, record('kept'))
    await rejects(half, missing)
    await whole
    deepStrictEqual(await bodies(store), ['kept'])
    equal((await boundsOf(store))?.end, 1)
  },

  'gives back the text that was appended, whatever it holds': async ({ store }) => {
    await createOrders(store)
    const texts = ['{"a":"é €"}', '"\u{1F4E6}\\u0000"', '', `"${'x'.repeat(limits.eventBytes)}"`]
    await append(store, ...texts.map((text) => record(text)))
    deepStrictEqual(await bodies(store), texts)
  },

  'reads from an offset on, no more records than asked': async ({ store }) => {
    await createOrders(store)
    await append(store, ...['a', 'b', 'c', 'd'].map((text) => record(text)))
    const read = await store.read(topic, 0, 1, { maxRecords: 2, maxBytes: 1_000 })
    deepStrictEqual(
      read.map(({ offset }) => offset),
      [1, 2],
    )
  },

  'reads no more bytes than asked, but always one record': async ({ store }) => {
    await createOrders(store)
    await append(store, ...['aaaa', 'bbbb', 'cccc'].map((text) => record(text)))
    const read = async (from: number, maxBytes: number): Promise<number> =>
      (await store.read(topic, 0, from, { maxRecords: 10, maxBytes })).length
    equal(await read(0, 8), 2)
    equal(await read(0, 11), 2)
    equal(await read(1, 1), 1)
  },

  'reads nothing at the end and beyond': async ({ store }) => {
    await createOrders(store)
    await append(store, record('a'))
    deepStrictEqual(await readAll(store, 0, 1), [])
    deepStrictEqual(await readAll(store, 0, 1_000), [])
  },

  'stamps records with its clock, and never with less than the record before': async ({ store, clock }) => {
    await createOrders(store)
    const startMs = clock.now()
    await append(store, record('a'))
    clock.jump(-3_600_000)
    await append(store, record('b'))
    clock.jump(3_600_000 + 5)
    await append(store, record('c'))
    deepStrictEqual(
      (await readAll(store)).map(({ appendedAt }) => appendedAt - startMs),
      [0, 0, 5],
    )
  },

  'counts the bytes that are kept, as UTF-8': async ({ store }) => {
    await createOrders(store)
    const texts = ['é', '\u{1F4E6}\u{1F4E6}', 'abc']
    await append(store, ...texts.map((text) => record(text)))
    equal((await boundsOf(store))?.bytes, Buffer.byteLength(texts.join('')))
    await store.truncate(topic, 0, 2)
    equal((await boundsOf(store))?.bytes, 3)
    await store.truncate(topic, 0, 3)
    equal((await boundsOf(store))?.bytes, 0)
  },

  'deletes what lies before an offset, and goes on numbering': async ({ store }) => {
    await createOrders(store)
    await append(store, record('a'), record('b'), record('c'), record('x', { partition: 1 }))
    await store.truncate(topic, 0, 2)
    deepStrictEqual(await bodies(store), ['c'])
    await append(store, record('d'))
    const { begin, end } = (await boundsOf(store)) ?? {}
    deepStrictEqual([begin, end], [2, 4])
    deepStrictEqual(await bodies(store, 1), ['x'])
  },

  'deletes no more than there is, and never brings back what is gone': async ({ store }) => {
    await createOrders(store)
    await append(store, record('a'), record('b'))
    await store.truncate(topic, 0, 100)
    await store.truncate(topic, 0, 1)
    const { begin, end } = (await boundsOf(store)) ?? {}
    deepStrictEqual([begin, end], [2, 2])
    await append(store, record('c'))
    deepStrictEqual(
      (await readAll(store)).map(({ offset }) => offset),
      [2],
    )
  },

  'tells watchers which partitions got records, once they can be read': async ({ store }) => {
    await createOrders(store)
    const { promise, resolve } = Promise.withResolvers<Change>()
    const stop = store.watch((change) => change.kind === 'appended' && resolve(change))
    await append(store, record('a', { partition: 1 }))
    deepStrictEqual(await promise, { kind: 'appended', partitions: new Set([`${topic}/1`]) })
    deepStrictEqual(await bodies(store, 1), ['a'])
    stop()
  },

  'tells watchers of the next append also after one that was refused': async ({ store }) => {
    await createOrders(store, 1)
    let told = 0
    store.watch(({ kind }) => (told += kind === 'appended' ? 1 : 0))
    await rejects(append(store, record('a'), record('b', { partition: 9 })), missing)
    equal(told, 0)
    await append(store, record('c'))
    equal(told, 1)
  },

  'appends also when a watcher throws, and tells the others': async ({ store }) => {
    const warnings: Error[] = []
    const emitWarning = process.emitWarning.bind(process)
    process.emitWarning = (warning: string | Error): void => void warnings.push(warning as Error)
    try {
      await createOrders(store)
      let told = 0
      store.watch(() => {
        throw new Error('mine')
      })
      store.watch(() => (told += 1))
      await append(store, record('a'))
      await append(store, record('b'))
      deepStrictEqual([told, warnings.map(({ message }) => message)], [2, ['mine', 'mine']])
    } finally {
      process.emitWarning = emitWarning
    }
    deepStrictEqual(await bodies(store), ['a', 'b'])
  },

  'appends to a topic whose creation was asked for before, without awaiting': async ({ store }) => {
    const created = createOrders(store)
    await append(store, record('a'))
    await created
    deepStrictEqual(await bodies(store), ['a'])
  },

  'tells a watcher nothing after it has stopped': async ({ store }) => {
    await createOrders(store)
    let told = 0
    const stop = store.watch(() => (told += 1))
    stop()
    await append(store, record('a'))
    equal(told, 0)
  },

  'refuses a transaction that is not of its kind': async ({ store }) => {
    await createOrders(store)
    await rejects(
      async () => store.append([record('a')], { tx: { mine: true } }),
      (error) => isTidingsError(error, 'capability_missing') || isTidingsError(error, 'transaction_invalid'),
    )
    ok((await readAll(store)).length === 0)
  },
}
