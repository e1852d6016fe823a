import { describe, expect, test } from 'vitest'
import { limits } from '../kernel/index.ts'
import type { LogStore } from '../log/index.ts'
import { folder, type OpenedStore, openStore } from './sqlite.fixture.ts'

async function openOrders(file: string): Promise<OpenedStore> {
  const opened = openStore(file)
  const retention = { ageMs: undefined, bytes: undefined }
  await opened.store.createTopic({ name: 'orders', partitions: 1, retention })
  return opened
}

function append(store: LogStore, body: string, { partition = 0, count = 1 } = {}): Promise<void> {
  const record = { topic: 'orders', partition, body, notBefore: undefined }
  return store.append(Array<typeof record>(count).fill(record), { tx: undefined })
}

async function bodies(store: LogStore): Promise<unknown[]> {
  const records = await store.read('orders', 0, 0, { maxRecords: 10_000, maxBytes: 2 ** 30 })
  return records.map(({ encoded }) => encoded)
}

describe('Appends of one turn', () => {
  test('are written in their order, also around another write', async () => {
    using files = folder()
    await using opened = await openOrders(files.file())
    const { store, writer, database } = opened
    await Promise.all([
      append(store, '1'),
      append(store, '2'),
      writer.write(() =>
        store.append([{ topic: 'orders', partition: 0, body: '3', notBefore: undefined }], { tx: database }),
      ),
      append(store, '4'),
      store.append([], { tx: undefined }),
      append(store, '5'),
    ])
    expect(await bodies(store)).toEqual(['1', '2', '3', '4', '5'])
  })

  test('to a partition that is missing fail alone', async () => {
    using files = folder()
    await using opened = await openOrders(files.file())
    const { store } = opened
    const outcomes = await Promise.allSettled([
      append(store, '1'),
      append(store, '2', { partition: 1 }),
      append(store, '3'),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await bodies(store)).toEqual(['1', '3'])
  })

  test('are all there when they are more than one commit holds', async () => {
    using files = folder()
    await using opened = await openOrders(files.file())
    const { store } = opened
    const count = limits.groupCommitRecords - 1
    await Promise.all([append(store, '1', { count }), append(store, '2', { count: 2 }), append(store, '3')])
    expect((await bodies(store)).slice(-4)).toEqual(['1', '2', '2', '3'])
  })
})
