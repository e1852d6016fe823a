import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import type { StreamRecord } from '../streams/index.ts'
import type { ContractCases } from './contract.ts'
import { append, cart7, order7, order8, type StreamStoreContext } from './stream-store-context.ts'
import { settle } from './virtual-clock.ts'

const ids = (records: readonly StreamRecord[]): readonly string[] => records.map(({ id }) => id)

export const readCases: ContractCases<StreamStoreContext> = {
  'reads a stream forward, backward, and from a version': async (context) => {
    const { store } = context
    await append(context, order7, ['a', 'b', 'c', 'd'])
    await append(context, cart7, ['e'])
    deepStrictEqual(ids(await store.read(order7, { limit: 10 })), ['a', 'b', 'c', 'd'])
    deepStrictEqual(ids(await store.read(order7, { limit: 2 })), ['a', 'b'])
    deepStrictEqual(ids(await store.read(order7, { from: 2, limit: 2 })), ['b', 'c'])
    deepStrictEqual(ids(await store.read(order7, { from: 5, limit: 2 })), [])
    deepStrictEqual(ids(await store.read(order7, { direction: 'backward', limit: 3 })), ['d', 'c', 'b'])
    deepStrictEqual(ids(await store.read(order7, { direction: 'backward', from: 2, limit: 3 })), ['b', 'a'])
    deepStrictEqual(ids(await store.read(order7, { direction: 'backward', from: 9, limit: 1 })), ['d'])
    deepStrictEqual(await store.read(order8, { limit: 10 }), [])
  },

  'reads all streams in the order of their commits, from any position on': async (context) => {
    const { store } = context
    await append(context, order7, ['a', 'b'])
    await append(context, cart7, ['c'])
    await append(context, order8, ['d'])
    await append(context, order7, ['e'])
    const all = await store.readAll({ after: undefined, limit: 10 })
    deepStrictEqual(ids(all), ['a', 'b', 'c', 'd', 'e'])
    deepStrictEqual(all[4]?.stream, order7)
    equal(all[4]?.version, 3)
    deepStrictEqual(ids(await store.readAll({ after: undefined, limit: 2 })), ['a', 'b'])
    deepStrictEqual(ids(await store.readAll({ after: all[1]?.position, limit: 2 })), ['c', 'd'])
    deepStrictEqual(ids(await store.readAll({ after: all[4]?.position, limit: 2 })), [])
  },

  'reads and counts the streams of some names alone': async (context) => {
    const { store } = context
    await append(context, order7, ['a', 'b'])
    await append(context, cart7, ['c'])
    await append(context, order8, ['d'])
    const all = await store.readAll({ after: undefined, names: ['order'], limit: 10 })
    deepStrictEqual(ids(all), ['a', 'b', 'd'])
    deepStrictEqual(ids(await store.readAll({ after: undefined, names: [], limit: 10 })), [])
    equal(await store.countAll({ after: undefined }), 4)
    equal(await store.countAll({ after: undefined, names: ['order'] }), 3)
    equal(await store.countAll({ after: all[1]?.position, names: ['cart', 'order'] }), 2)
  },

  'never gives a position twice, also when the newest event before it is deleted': async (context) => {
    const { store } = context
    await append(context, order7, ['a', 'b'])
    const before = (await store.readAll({ after: undefined, limit: 10 })).at(-1)?.position
    await store.truncate(order7, 2)
    await append(context, order8, ['c'])
    deepStrictEqual(ids(await store.readAll({ after: before, limit: 10 })), ['c'])
    deepStrictEqual(ids(await store.readAll({ after: undefined, limit: 10 })), ['b', 'c'])
  },

  'finds an event by its id': async (context) => {
    const { store } = context
    await append(context, order7, ['a', 'b'])
    const found = await store.find('b')
    deepStrictEqual([found?.stream, found?.version, found?.id], [order7, 2, 'b'])
    equal(await store.find('c'), undefined)
  },

  'lists the streams of a name in the order of their ids': async (context) => {
    const { store, clock } = context
    await append(context, order8, ['a'])
    await clock.advance(1_000)
    await append(context, order7, ['b', 'c'])
    await append(context, cart7, ['d'])
    const at = clock.now()
    deepStrictEqual(await store.list('order', { limit: 10 }), [
      { stream: order7, version: 2, appendedAt: at },
      { stream: order8, version: 1, appendedAt: at - 1_000 },
    ])
    deepStrictEqual(
      (await store.list('order', { after: '7', limit: 10 })).map(({ stream }) => stream),
      [order8],
    )
    equal((await store.list('order', { limit: 1 })).length, 1)
    deepStrictEqual(await store.list('nothing', { limit: 10 }), [])
  },

  'tells who watches that something was appended, until they stop': async (context) => {
    let told = 0
    const stop = context.store.watch(() => (told += 1))
    await append(context, order7, ['a'])
    await settle()
    ok(told > 0)
    stop()
    const before = told
    await append(context, order7, ['b'])
    await settle()
    equal(told, before)
  },
}
