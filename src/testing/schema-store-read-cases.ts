import { deepStrictEqual, equal } from 'node:assert/strict'
import type { ContractCases } from './contract.ts'
import { add, elsewhere, invoices, orders, remove, type SchemaStoreContext } from './schema-store-context.ts'

export const schemaStoreReadCases: ContractCases<SchemaStoreContext> = {
  'has nothing at first': async ({ store }) => {
    deepStrictEqual(await store.subjects(), [])
    deepStrictEqual(await store.versions(orders), [])
    deepStrictEqual(await store.history(orders, { before: 10, limit: 10 }), [])
    deepStrictEqual([await store.version(orders, 1), await store.byId('.', 1)], [undefined, undefined])
    deepStrictEqual([await store.byGuid('a'), await store.usages('.', 1)], [[], []])
    deepStrictEqual(await store.referrers(orders, 1), [])
  },

  'lists schema subjects by context and name, and says when all versions of one are deleted': async ({
    store,
  }) => {
    await add(store, elsewhere, 'a')
    await add(store, orders, 'a')
    await add(store, orders, 'b')
    await add(store, invoices, 'a')
    await remove(store, orders, [1], 'soft')
    await remove(store, invoices, [1], 'soft')
    deepStrictEqual(await store.subjects(), [
      { subject: invoices, deleted: true },
      { subject: orders, deleted: false },
      { subject: elsewhere, deleted: false },
    ])
    await remove(store, elsewhere, [1], 'permanent')
    equal((await store.subjects()).length, 2)
  },

  'does not list what has settings alone': async ({ store }) => {
    await store.saveSettings(await store.state(orders), { config: {}, mode: undefined })
    deepStrictEqual(await store.subjects(), [])
  },

  'reads versions from the newest down, in pages': async ({ store }) => {
    for (const text of ['a', 'b', 'c', 'd', 'e']) await add(store, orders, text)
    await remove(store, orders, [4], 'soft')
    await remove(store, orders, [2], 'permanent')
    const page = async (before: number, limit: number): Promise<string[]> =>
      (await store.history(orders, { before, limit })).map(
        ({ version, deleted }) => `${version}${deleted ? ' deleted' : ''}`,
      )
    deepStrictEqual(await page(Number.MAX_SAFE_INTEGER, 2), ['5', '4 deleted'])
    deepStrictEqual(await page(4, 2), ['3', '1'])
    deepStrictEqual(await page(1, 2), [])
  },

  'still reads what is softly deleted': async ({ store }) => {
    await add(store, orders, 'a')
    await remove(store, orders, [1], 'soft')
    equal((await store.version(orders, 1))?.deleted, true)
    equal((await store.byId('.', 1))?.guid, 'guid-a')
  },

  'finds versions by their schema, whatever else they carry': async ({ store }) => {
    await add(store, orders, 'a')
    await add(store, orders, 'b')
    await add(store, orders, 'c', { fingerprint: 'fingerprint-a' })
    await add(store, invoices, 'a')
    await remove(store, orders, [1], 'soft')
    const found = await store.withFingerprint(orders, 'fingerprint-a')
    deepStrictEqual(
      found.map(({ version, guid, deleted }) => [version, guid, deleted]),
      [
        [3, 'guid-c', false],
        [1, 'guid-a', true],
      ],
    )
    deepStrictEqual(await store.withFingerprint(orders, 'fingerprint-z'), [])
  },

  'finds content by its guid, once for each context': async ({ store }) => {
    await add(store, orders, 'z')
    await add(store, orders, 'a')
    await add(store, invoices, 'a')
    await add(store, elsewhere, 'a')
    const found = await store.byGuid('guid-a')
    deepStrictEqual(
      found.map(({ context, id }) => [context, id]),
      [
        ['.', 2],
        ['.staging', 1],
      ],
    )
  },

  'knows the versions that have an id': async ({ store }) => {
    await add(store, orders, 'a')
    await add(store, invoices, 'a')
    await add(store, elsewhere, 'a')
    await remove(store, invoices, [1], 'soft')
    const usages = await store.usages('.', 1)
    deepStrictEqual(
      usages.map(({ subject, deleted }) => [subject.name, deleted]),
      [
        [invoices.name, true],
        [orders.name, false],
      ],
    )
  },

  'knows the versions that refer to one': async ({ store }) => {
    await add(store, orders, 'a')
    const references = [{ subject: orders, version: 1 }]
    await add(store, invoices, 'b', { references })
    await add(store, invoices, 'c')
    await add(store, invoices, 'd', { references })
    await remove(store, invoices, [3], 'soft')
    const referrers = await store.referrers(orders, 1)
    deepStrictEqual(
      referrers.map(({ version, id, deleted }) => [version, id, deleted]),
      [
        [1, 2, false],
        [3, 4, true],
      ],
    )
    await remove(store, invoices, [1, 3], 'permanent')
    deepStrictEqual(await store.referrers(orders, 1), [])
  },
}
