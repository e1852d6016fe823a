import { deepStrictEqual, equal } from 'node:assert/strict'
import type { ContractCases } from './contract.ts'
import {
  add,
  definition,
  elsewhere,
  invoices,
  numbersOf,
  orders,
  remove,
  type SchemaStoreContext,
} from './schema-store-context.ts'

export const schemaStoreWriteCases: ContractCases<SchemaStoreContext> = {
  'keeps a definition as it is, with its numbers': async ({ store }) => {
    const full = definition('é \u{1F4E6} " \\ 9007199254740993', {
      schema: '{ "maximum": 9007199254740993, "text": "é \u{1F4E6}" }',
      metadata: { properties: { owner: 'Bob' }, tags: { a: ['PII'] } },
      ruleSet: { domainRules: [{ name: 'n', expr: 'true' }] },
      references: [{ name: 'money.json', subject: 'money', version: 1 }],
    })
    const added = await add(store, orders, 'a', { definition: full })
    const expected = {
      ...full,
      id: 1,
      guid: 'guid-a',
      schemaSubject: orders.name,
      version: 1,
      deleted: false,
    }
    deepStrictEqual(added, expected)
    deepStrictEqual(await store.version(orders, 1), expected)
    deepStrictEqual(await store.byId('.', 1), { ...full, context: '.', id: 1, guid: 'guid-a' })
  },

  'counts the versions of a schema subject from 1, and ids over all schema subjects of a context': async ({
    store,
  }) => {
    await add(store, orders, 'a')
    await add(store, invoices, 'b')
    await add(store, orders, 'c')
    await add(store, elsewhere, 'd')
    deepStrictEqual(await numbersOf(store, orders), ['1: 1', '2: 3'])
    deepStrictEqual(await numbersOf(store, invoices), ['1: 2'])
    deepStrictEqual(await numbersOf(store, elsewhere), ['1: 1'])
  },

  'gives the same content the same id in its context': async ({ store }) => {
    await add(store, orders, 'a')
    await add(store, invoices, 'a')
    await add(store, elsewhere, 'z')
    await add(store, elsewhere, 'a')
    deepStrictEqual(await numbersOf(store, invoices), ['1: 1'])
    deepStrictEqual(await numbersOf(store, elsewhere), ['1: 1', '2: 2'])
  },

  'registers only while what was expected is so': async ({ store }) => {
    const before = await store.state(orders)
    await add(store, orders, 'a')
    const late = { subject: orders, definition: definition('b'), guid: 'b', fingerprint: 'b', references: [] }
    equal(await store.register({ ...late, expected: [before] }), undefined)
    deepStrictEqual(await numbersOf(store, orders), ['1: 1'])
    equal(await store.byId('.', 2), undefined)
    const other = await store.state(invoices)
    await add(store, invoices, 'c')
    equal(await store.register({ ...late, expected: [await store.state(orders), other] }), undefined)
  },

  'lets one of several registrations win that were decided on the same': async ({ store }) => {
    const state = await store.state(orders)
    const attempts = ['a', 'b', 'c', 'd'].map((text) =>
      store.register({
        subject: orders,
        definition: definition(text),
        guid: text,
        fingerprint: text,
        expected: [state],
        references: [],
      }),
    )
    const done = await Promise.all(attempts)
    equal(done.filter((version) => version !== undefined).length, 1)
    equal((await store.versions(orders)).length, 1)
  },

  'counts a reference as a change of what is referred to': async ({ store }) => {
    await add(store, invoices, 'a')
    const before = await store.state(invoices)
    await add(store, orders, 'b', { references: [{ subject: invoices, version: 1 }] })
    equal(await store.remove(before, [1], 'soft'), false)
    deepStrictEqual(await numbersOf(store, invoices), ['1: 1'])
  },

  'goes on counting after a soft delete, and begins anew after a permanent one': async ({ store }) => {
    await add(store, orders, 'a')
    await add(store, orders, 'b')
    await remove(store, orders, [1, 2], 'soft')
    deepStrictEqual(await numbersOf(store, orders), ['1: 1 deleted', '2: 2 deleted'])
    await add(store, orders, 'a')
    deepStrictEqual(await numbersOf(store, orders), ['1: 1 deleted', '2: 2 deleted', '3: 1'])
    await remove(store, orders, [3], 'soft')
    await remove(store, orders, [1, 2, 3], 'permanent')
    deepStrictEqual(await numbersOf(store, orders), [])
    await add(store, orders, 'a')
    deepStrictEqual(await numbersOf(store, orders), ['1: 3'])
  },

  'forgets content with its last version, and never gives its id again': async ({ store }) => {
    await add(store, orders, 'a')
    await add(store, invoices, 'a')
    await remove(store, orders, [1], 'permanent')
    equal((await store.byId('.', 1))?.guid, 'guid-a')
    await remove(store, invoices, [1], 'permanent')
    equal(await store.byId('.', 1), undefined)
    deepStrictEqual(await store.byGuid('guid-a'), [])
    equal((await add(store, orders, 'b')).id, 2)
  },

  'deletes nothing on an old revision, and passes over versions that are not there': async ({ store }) => {
    await add(store, orders, 'a')
    const old = await store.state(orders)
    await add(store, orders, 'b')
    equal(await store.remove(old, [1], 'permanent'), false)
    await remove(store, orders, [1, 7], 'permanent')
    deepStrictEqual(await numbersOf(store, orders), ['2: 2'])
  },

  'keeps the numbers of an import, and goes on after them': async ({ store }) => {
    await add(store, orders, 'a', { version: 5, id: 100 })
    deepStrictEqual(await numbersOf(store, orders), ['5: 100'])
    await add(store, orders, 'b')
    await add(store, orders, 'c', { version: 2, id: 7 })
    await add(store, orders, 'd')
    deepStrictEqual(await numbersOf(store, orders), ['2: 7', '5: 100', '6: 101', '7: 102'])
  },

  'refuses a number that is taken': async ({ store }) => {
    await add(store, orders, 'a', { version: 5, id: 100 })
    const given = {
      subject: orders,
      definition: definition('b'),
      guid: 'b',
      fingerprint: 'b',
      references: [],
    }
    const expected = [await store.state(orders)]
    equal(await store.register({ ...given, expected, version: 5 }), undefined)
    equal(await store.register({ ...given, expected, id: 100 }), undefined)
    equal(await store.register({ ...given, guid: 'guid-a', expected, id: 101 }), undefined)
    deepStrictEqual(await numbersOf(store, orders), ['5: 100'])
  },

  'keeps settings of a schema subject, of a context, and of everything apart': async ({ store }) => {
    const all = { context: '.', name: '' }
    const context = { context: '.staging', name: '' }
    deepStrictEqual(await store.state(orders), {
      subject: orders,
      revision: 0,
      config: undefined,
      mode: undefined,
    })
    const config = { compatibilityLevel: 'FULL', compatibilityGroup: 'major', alias: 'x' } as const
    equal(await store.saveSettings(await store.state(orders), { config, mode: 'READONLY' }), true)
    equal(await store.saveSettings(await store.state(context), { config: {}, mode: undefined }), true)
    const state = await store.state(orders)
    deepStrictEqual([state.config, state.mode, state.revision], [config, 'READONLY', 1])
    deepStrictEqual((await store.state(context)).config, {})
    deepStrictEqual((await store.state(all)).config, undefined)
    await add(store, orders, 'a')
    deepStrictEqual((await store.state(orders)).config, config)
  },

  'saves settings only on the newest revision': async ({ store }) => {
    const old = await store.state(orders)
    await add(store, orders, 'a')
    equal(await store.saveSettings(old, { config: {}, mode: 'IMPORT' }), false)
    equal((await store.state(orders)).mode, undefined)
    equal(await store.saveSettings(await store.state(orders), { config: undefined, mode: 'IMPORT' }), true)
    equal(await store.saveSettings(await store.state(orders), { config: undefined, mode: undefined }), true)
    equal((await store.state(orders)).mode, undefined)
  },
}
