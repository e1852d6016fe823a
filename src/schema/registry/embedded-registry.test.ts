import { describe, expect, test } from 'vitest'
import { limits } from '../../kernel/index.ts'
import { compileSchema } from '../compile.ts'
import type { SchemaDefinition } from '../schema-registry.ts'
import { embeddedRegistry } from './embedded-registry.ts'
import { avro, json, newRegistry, order, refusalOf } from './registry.fixture.ts'

const withTotal = order({ total: { type: 'number' } })
const otherType = { ...order(), properties: { orderId: { type: 'integer' } } }

const owned = (owner: string): SchemaDefinition => json(order(), { metadata: { properties: { owner } } })

const ofMajor = (schema: object, major: string): SchemaDefinition =>
  json(schema, { metadata: { properties: { major } } })

const priced = (fields: object = {}): SchemaDefinition =>
  json(
    {
      type: 'object',
      properties: { total: { $ref: 'money.json' }, ...fields },
      additionalProperties: false,
    },
    { references: [{ name: 'money.json', subject: 'money', version: 1 }] },
  )

describe('register', () => {
  test('gives the first version number 1, and keeps the text byte for byte', async () => {
    const registry = newRegistry()
    const schema = ' { "type" : "object", "maxProperties": 9007199254740993 } '
    const registered = await registry.register('orders', { schemaType: 'JSON', schema })
    expect(registered).toMatchObject({ schemaSubject: 'orders', version: 1, id: 1, schema })
    expect((await registry.byId(1))?.schema).toBe(schema)
  })

  test('finds the version that has this content already, however it is laid out', async () => {
    const registry = newRegistry()
    const first = await registry.register('orders', json(order()))
    const { type, properties, required, additionalProperties } = order() as Record<string, unknown>
    const again = json({ additionalProperties, required, properties, type })
    expect(await registry.register('orders', { ...again, schema: ` ${again.schema}\n` })).toEqual(first)
    expect(await registry.versions('orders')).toEqual([1])
  })

  test('takes numbers that are written otherwise for other content', async () => {
    const registry = newRegistry()
    await registry.register('orders', { schemaType: 'JSON', schema: '{"maximum":9007199254740993}' })
    const other = await registry.register('orders', {
      schemaType: 'JSON',
      schema: '{"maximum":9007199254740992}',
    })
    expect(other.version).toBe(2)
  })

  test('gives the same content in two schema subjects one id, and one guid everywhere', async () => {
    const registry = newRegistry()
    const first = await registry.register('orders', json(order()))
    const second = await registry.register('invoices', json(order()))
    expect([second.id, second.guid, second.version]).toEqual([first.id, first.guid, 1])
    expect((await newRegistry().register('other', json(order()))).guid).toBe(first.guid)
  })

  test('takes other metadata for other content, and none for that of the newest with the schema', async () => {
    const registry = newRegistry()
    await registry.register('orders', owned('a'))
    const second = await registry.register('orders', owned('b'))
    expect([second.version, second.id]).toEqual([2, 2])
    expect((await registry.register('orders', json(order()))).version).toBe(2)
    expect((await registry.register('orders', owned('a'))).version).toBe(1)
  })

  test('refuses what is not compatible, says which change and what would make it pass, and stores nothing', async () => {
    const registry = newRegistry()
    await registry.register('orders', json(order()))
    expect(await refusalOf(registry.register('orders', json(otherType)))).toMatch(
      /^schema_incompatible: The schema cannot follow version 1 of "orders" under BACKWARD\. \/properties\/orderId\/type: .+/,
    )
    expect(await registry.versions('orders')).toEqual([1])
    expect(await registry.byId(2)).toBeUndefined()
  })

  test('refuses a schema of another type', async () => {
    const registry = newRegistry()
    await registry.register('orders', json(order()))
    expect(await refusalOf(registry.register('orders', avro('string')))).toMatch(
      /is of type JSON, the schema of type AVRO/,
    )
  })

  test.each([
    [
      'PROTOBUF',
      { schemaType: 'PROTOBUF', schema: 'syntax = "proto3";' },
      /no schemas of type PROTOBUF\. Register JSON Schema/,
    ],
    [
      'what is not JSON',
      { schemaType: 'JSON', schema: '{' },
      /schema_invalid: The schema cannot be read\. It is not JSON/,
    ],
    ['what Ajv refuses', json({ type: 'decimal' }), /schema_invalid: .* is not a JSON Schema of 2020-12/],
    ['what is neither object nor boolean', json(7), /neither an object nor a boolean/],
    ['a pattern that RE2 cannot run', json({ pattern: '^a(?=b)' }), /does not run on RE2/],
    ['a $ref to the web', json({ $ref: 'https://example.com/x.json' }), /Nothing is loaded/],
    ['a $ref to a file', json({ $ref: 'file:///etc/passwd' }), /Nothing is loaded/],
    [
      'what nests too deep',
      { schemaType: 'JSON', schema: `${'{"not":'.repeat(300)}{}${'}'.repeat(300)}` },
      /more than 256 levels/,
    ],
    ['10 MB', json({ description: 'x'.repeat(10_000_000) }), /limit_exceeded: .* larger than 1048576 bytes/],
    ['a key __proto__', { schemaType: 'JSON', schema: '{"properties":{"__proto__":{}}}' }, /"__proto__"/],
    ['no Avro', avro({ type: 'record', name: 'a b', fields: [] }), /is not Avro/],
    [
      'JSON Schema that says it is Avro',
      avro(order()),
      /^schema_invalid: this is JSON Schema: send "schemaType": "JSON"$/,
    ],
    [
      'draft-04',
      json({ $schema: 'http://json-schema.org/draft-04/schema#' }),
      /Use draft-07, 2019-09 or 2020-12/,
    ],
  ] as const)('refuses %s with a sentence, and stores nothing', async (_, definition, sentence) => {
    const registry = newRegistry()
    expect(await refusalOf(registry.register('orders', definition))).toMatch(sentence)
    expect(await registry.store.subjects()).toEqual([])
    expect((await registry.register('orders', json(true))).id).toBe(1)
  })

  test('takes a hostile pattern, which runs in linear time', async () => {
    const registry = newRegistry()
    const { schema } = await registry.register('orders', json({ pattern: '^(a+)+$' }))
    const started = performance.now()
    expect(compileSchema(JSON.parse(schema))(`${'a'.repeat(100_000)}!`)).toHaveLength(1)
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  test.each([
    '',
    '.',
    '..',
    'a\u0000b',
    'a\nb',
    '\uD800',
    'x'.repeat(limits.schemaSubjectLength + 1),
    ':.a:',
  ])('refuses the name %j', async (name) => {
    const registry = newRegistry()
    const refusal = Promise.resolve().then(() => registry.register(name, json(order())))
    expect(await refusalOf(refusal)).toMatch(/^name_invalid: /)
  })

  test('keeps contexts apart, each with ids of its own', async () => {
    const registry = newRegistry()
    await registry.register('orders', json(order()))
    const staged = await registry.register(':.staging:orders', json(otherType))
    expect(staged).toMatchObject({ schemaSubject: ':.staging:orders', version: 1, id: 1 })
    expect((await registry.byId(1, '.staging'))?.schema).toBe(JSON.stringify(otherType))
  })
})

describe('register, of several at the same time', () => {
  test('makes one version of the same content', async () => {
    const registry = newRegistry()
    const all = await Promise.all(
      Array.from({ length: 20 }, () => registry.register('orders', json(order()))),
    )
    expect(new Set(all.map(({ version, id }) => `${version} ${id}`))).toEqual(new Set(['1 1']))
  })

  test.each(['one registry', 'two registries over one store'])(
    'lets one of two that conflict win, with %s',
    async (which) => {
      const registry = newRegistry()
      const other = which === 'one registry' ? registry : embeddedRegistry(registry.store)
      await registry.register('orders', json(order()))
      const outcomes = await Promise.allSettled([
        registry.register('orders', json(order({ total: { type: 'number' } }))),
        other.register('orders', json(order({ total: { type: 'string' } }))),
      ])
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
      expect(await registry.versions('orders')).toEqual([1, 2])
    },
  )

  test('gives different schema subjects different ids', async () => {
    const registries = [newRegistry()]
    registries.push(embeddedRegistry(registries[0]!.store))
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        registries[at % 2]!.register(`subject-${at % 10}`, json(order({ [`p${at}`]: true }), {})).catch(
          () => undefined,
        ),
      ),
    )
    const ids = all.flatMap((each) => (each === undefined ? [] : [each.id]))
    expect(ids.length).toBeGreaterThanOrEqual(10)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('The settings of a schema subject', () => {
  test('are asked before those of its context, those before the ones for everything', async () => {
    const registry = newRegistry()
    const set = (context: string, name: string, compatibilityLevel: 'NONE' | 'FULL') =>
      registry.change({ context, name }, () => ({ config: { compatibilityLevel }, mode: undefined }))
    const level = async () => (await registry.inForce({ context: '.staging', name: 'orders' })).level
    expect(await level()).toBe('BACKWARD')
    await set('.', '', 'NONE')
    expect(await level()).toBe('NONE')
    await set('.staging', '', 'FULL')
    expect(await level()).toBe('FULL')
    await registry.configure(':.staging:orders', { compatibilityLevel: 'FORWARD' })
    expect(await level()).toBe('FORWARD')
    await registry.configure(':.staging:orders', { compatibilityGroup: 'major' })
    expect(await registry.settings(':.staging:orders')).toEqual({
      compatibilityLevel: 'FORWARD',
      compatibilityGroup: 'major',
    })
  })

  test('let everything pass under NONE', async () => {
    const registry = newRegistry()
    await registry.configure('orders', { compatibilityLevel: 'NONE' })
    await registry.register('orders', json(order()))
    expect((await registry.register('orders', json(otherType))).version).toBe(2)
  })

  test.each([
    ['BACKWARD', true, false],
    ['FORWARD', false, true],
    ['FULL', false, false],
  ] as const)('compare the right way under %s', async (compatibilityLevel, addsOptional, addsRequired) => {
    const registry = newRegistry()
    await registry.register('orders', json(order()))
    await registry.configure('orders', { compatibilityLevel })
    const required = { ...withTotal, required: ['orderId', 'total'] }
    expect((await registry.check('orders', json(withTotal))).compatible).toBe(addsOptional)
    const open = json({ ...order(), additionalProperties: true })
    await registry.configure('orders', { compatibilityLevel: 'NONE' })
    await registry.register('orders', open)
    await registry.configure('orders', { compatibilityLevel })
    const verdict = await registry.check('orders', json({ ...required, additionalProperties: true }))
    expect(verdict.compatible).toBe(addsRequired)
  })

  test('compare with every version under a transitive level', async () => {
    const registry = newRegistry()
    await registry.configure('orders', { compatibilityLevel: 'NONE' })
    await registry.register('orders', json(order({ total: { type: 'string' } })))
    await registry.register('orders', json(order()))
    await registry.configure('orders', { compatibilityLevel: 'BACKWARD' })
    expect((await registry.check('orders', json(withTotal))).compatible).toBe(true)
    await registry.configure('orders', { compatibilityLevel: 'BACKWARD_TRANSITIVE' })
    expect(await refusalOf(registry.register('orders', json(withTotal)))).toMatch(
      /cannot follow version 1 of/,
    )
  })

  test('are lenient when the policy is', async () => {
    const registry = newRegistry()
    const open = { type: 'object', properties: { orderId: { type: 'string' } } }
    const wider = json({ ...open, properties: { ...open.properties, total: { type: 'number' } } })
    await registry.register('orders', json(open))
    expect((await registry.check('orders', wider)).compatible).toBe(false)
    await registry.configure('orders', { compatibilityPolicy: 'LENIENT' })
    expect(await registry.check('orders', wider)).toMatchObject({ compatible: true, reasons: [] })
  })

  test('compare only within a compatibility group', async () => {
    const registry = newRegistry()
    await registry.configure('orders', { compatibilityGroup: 'major' })
    await registry.register('orders', ofMajor(order(), '1'))
    await registry.register('orders', ofMajor(otherType, '2'))
    expect((await registry.check('orders', ofMajor(withTotal, '1'))).compatible).toBe(true)
    expect((await registry.check('orders', ofMajor(withTotal, '2'))).compatible).toBe(false)
  })

  test('put a schema that names no group into the group of the newest version', async () => {
    const registry = newRegistry()
    await registry.configure('orders', { compatibilityGroup: 'major' })
    await registry.register('orders', ofMajor(otherType, '1'))
    await registry.register('orders', ofMajor(order(), '2'))
    expect(await registry.register('orders', json(otherType))).toMatchObject({ version: 1 })
    expect(await refusalOf(registry.register('orders', json(order({ orderId: { type: 'null' } }))))).toMatch(
      /cannot follow version 2/,
    )
    expect((await registry.check('orders', json(withTotal), 1)).compatible).toBe(true)
    expect(await registry.register('orders', json(withTotal))).toMatchObject({ version: 3 })
    const totalText = order({ total: { type: 'string' } })
    expect((await registry.check('orders', ofMajor(totalText, '2'))).reasons).toEqual([
      expect.stringContaining('/properties/total'),
    ])
    expect((await registry.check('orders', ofMajor(totalText, '2'), 3)).compatible).toBe(false)
    expect((await registry.check('orders', ofMajor(otherType, '1'), 3)).compatible).toBe(true)
  })

  test('compare versions that all name no group with each other', async () => {
    const registry = newRegistry()
    await registry.register('orders', json(order()))
    await registry.register('orders', json(withTotal))
    await registry.configure('orders', { compatibilityGroup: 'major' })
    expect((await registry.check('orders', json(otherType))).compatible).toBe(false)
    expect((await registry.check('orders', ofMajor(otherType, '1'))).compatible).toBe(true)
  })

  test('do not look for the group among deleted versions', async () => {
    const registry = newRegistry()
    await registry.configure('orders', {
      compatibilityGroup: 'major',
      compatibilityLevel: 'BACKWARD_TRANSITIVE',
    })
    await registry.register('orders', ofMajor(order(), '1'))
    await registry.register('orders', ofMajor(otherType, '2'))
    await registry.deleteVersion('orders', 2, { permanent: false })
    expect(await refusalOf(registry.register('orders', json({ type: 'null' })))).toMatch(
      /cannot follow version 1/,
    )
  })
})

describe('check', () => {
  test('finds everything compatible with a schema subject that is not there', async () => {
    const registry = newRegistry()
    for (const against of [undefined, 'latest', 3] as const) {
      expect(await registry.check('orders', json(order()), against)).toEqual({
        compatible: true,
        reasons: [],
      })
    }
  })

  test('compares with the version that is asked for', async () => {
    const registry = newRegistry()
    await registry.configure('orders', { compatibilityLevel: 'NONE' })
    await registry.register('orders', json(order()))
    await registry.register('orders', json(otherType))
    await registry.configure('orders', { compatibilityLevel: 'BACKWARD' })
    expect((await registry.check('orders', json(withTotal), 1)).compatible).toBe(true)
    expect((await registry.check('orders', json(withTotal), 'latest')).compatible).toBe(false)
    expect(await refusalOf(registry.check('orders', json(withTotal), 7))).toMatch(/^schema_version_missing: /)
  })
})

describe('lookUp', () => {
  test('finds the version by its content, and nothing else', async () => {
    const registry = newRegistry()
    await registry.register('orders', json(order()))
    expect((await registry.lookUp('orders', json(order())))?.version).toBe(1)
    expect(await registry.lookUp('orders', json(withTotal))).toBeUndefined()
    expect(await registry.lookUp('invoices', json(order()))).toBeUndefined()
  })
})

describe('Deleting', () => {
  test('is soft first: the version is not listed, not compared with, and still readable', async () => {
    const registry = newRegistry()
    await registry.register('orders', json(order()))
    await registry.register('orders', json(withTotal))
    expect(await registry.deleteVersion('orders', 'latest', { permanent: false })).toBe(2)
    expect(await registry.versions('orders')).toEqual([1])
    expect(await registry.version('orders', 2)).toBeUndefined()
    expect((await registry.version('orders', 2, { deleted: true }))?.id).toBe(2)
    expect((await registry.byId(2))?.id).toBe(2)
    const other = await registry.register('orders', json(order({ total: { type: 'string' } })))
    expect(other.version).toBe(3)
  })

  test('goes on counting after a soft delete and begins anew after a permanent one', async () => {
    const registry = newRegistry()
    await registry.register('orders', json(order()))
    expect(await registry.deleteSubject('orders', { permanent: false })).toEqual([1])
    const again = await registry.register('orders', json(order()))
    expect([again.version, again.id]).toEqual([2, 1])
    await registry.deleteSubject('orders', { permanent: false })
    expect(await registry.deleteSubject('orders', { permanent: true })).toEqual([1, 2])
    expect((await registry.register('orders', json(order()))).version).toBe(1)
  })

  test('forgets the settings with the last version', async () => {
    const registry = newRegistry()
    await registry.register('orders', json(order()))
    await registry.configure('orders', { compatibilityLevel: 'NONE' })
    await registry.deleteSubject('orders', { permanent: false })
    expect(await registry.settings('orders')).toEqual({ compatibilityLevel: 'NONE' })
    await registry.deleteSubject('orders', { permanent: true })
    expect(await registry.settings('orders')).toBeUndefined()
  })

  test('says what stands in its way', async () => {
    const registry = newRegistry()
    const subject = (permanent: boolean) => refusalOf(registry.deleteSubject('orders', { permanent }))
    const version = (number: number, permanent: boolean) =>
      refusalOf(registry.deleteVersion('orders', number, { permanent }))
    expect(await subject(false)).toMatch(/^schema_subject_missing: /)
    await registry.register('orders', json(order()))
    await registry.register('orders', json(withTotal))
    expect(await version(7, false)).toMatch(/^schema_version_missing: /)
    expect(await version(1, true)).toMatch(/^schema_version_not_deleted: /)
    expect(await subject(true)).toMatch(/^schema_subject_not_deleted: /)
    expect(await version(1, false)).toBe('fulfilled')
    expect(await version(1, false)).toMatch(/^schema_version_deleted: /)
    expect(await subject(false)).toBe('fulfilled')
    expect(await subject(false)).toMatch(/^schema_subject_deleted: /)
    expect(await subject(true)).toBe('fulfilled')
    expect(await subject(true)).toMatch(/^schema_subject_missing: /)
  })
})

describe('References', () => {
  const money = { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] }
  test('are resolved inside the registry, and compared by what they lead to', async () => {
    const registry = newRegistry()
    await registry.register('money', json(money))
    await registry.register('orders', priced())
    expect((await registry.register('orders', priced({ note: { type: 'string' } }))).version).toBe(2)
    const inline = json({
      type: 'object',
      properties: { total: { type: 'string' } },
      additionalProperties: false,
    })
    expect(await refusalOf(registry.register('orders', inline))).toMatch(/^schema_incompatible: /)
  })

  test('have to be there, of the same type, and few', async () => {
    const registry = newRegistry()
    expect(await refusalOf(registry.register('orders', priced()))).toMatch(
      /schema_invalid: The reference "money.json" is to version 1 of schema subject "money", which is not there/,
    )
    await registry.register('money', avro('string'))
    expect(await refusalOf(registry.register('orders', priced()))).toMatch(
      /of type AVRO, which one of type JSON cannot hold/,
    )
    const many = Array.from({ length: limits.schemaReferences + 1 }, (_, at) => at + 1)
    for (const at of many) await registry.register(`part-${at}`, json({ title: `part ${at}` }))
    const references = many.map((at) => ({ name: `p${at}`, subject: `part-${at}`, version: 1 }))
    expect(await refusalOf(registry.register('whole', json({}, { references })))).toMatch(
      /refers to more than 100 others/,
    )
  })

  test('keep what they lead to from being deleted', async () => {
    const registry = newRegistry()
    await registry.register('money', json(money))
    await registry.register('orders', priced())
    const removal = (subject: string, permanent: boolean) =>
      refusalOf(registry.deleteSubject(subject, { permanent }))
    expect(await removal('money', false)).toMatch(
      /^schema_referenced: Version 1 of "money" is referred to by version 1 of "orders"\. Delete those first\.$/,
    )
    await registry.deleteSubject('orders', { permanent: false })
    expect(await removal('money', false)).toBe('fulfilled')
    expect(await removal('money', true)).toMatch(/^schema_referenced: /)
    await registry.deleteSubject('orders', { permanent: true })
    expect(await removal('money', true)).toBe('fulfilled')
  })

  test('name Avro types', async () => {
    const registry = newRegistry()
    const fields = [{ name: 'amount', type: 'double' }]
    await registry.register('money', avro({ type: 'record', name: 'com.example.Money', fields }))
    const references = [{ name: 'com.example.Money', subject: 'money', version: 1 }]
    const record = { type: 'record', name: 'Order', fields: [{ name: 'total', type: 'com.example.Money' }] }
    expect((await registry.register('orders', avro(record, { references }))).version).toBe(1)
    expect(await refusalOf(registry.register('alone', avro(record)))).toMatch(
      /undefined type name: com.example.Money/,
    )
  })
})

describe('Modes', () => {
  test('keep a registry from being changed, and let what is there be found', async () => {
    const registry = newRegistry()
    await registry.register('orders', json(order()))
    await registry.change({ context: '.', name: '' }, ({ config }) => ({ config, mode: 'READONLY' }))
    expect((await registry.register('orders', json(order()))).version).toBe(1)
    expect(await refusalOf(registry.register('orders', json(withTotal)))).toMatch(
      /^registry_read_only: .* in mode READONLY/,
    )
    expect(await refusalOf(registry.deleteSubject('orders', { permanent: false }))).toMatch(
      /^registry_read_only: /,
    )
    await registry.change({ context: '.', name: 'orders' }, ({ config }) => ({ config, mode: 'READWRITE' }))
    expect((await registry.register('orders', json(withTotal))).version).toBe(2)
    await registry.change({ context: '.', name: '' }, ({ config }) => ({ config, mode: 'READONLY_OVERRIDE' }))
    expect(await refusalOf(registry.register('orders', json(otherType)))).toMatch(/^registry_read_only: /)
  })

  test('take numbers from elsewhere in IMPORT alone', async () => {
    const registry = newRegistry()
    const given = { id: 100, version: 7 }
    expect(await refusalOf(registry.register('orders', json(order()), given))).toMatch(
      /set its mode to IMPORT/,
    )
    await registry.change({ context: '.', name: 'orders' }, ({ config }) => ({ config, mode: 'IMPORT' }))
    expect(await refusalOf(registry.register('orders', json(order())))).toMatch(
      /schemas come with their numbers/,
    )
    expect(await registry.register('orders', json(order()), given)).toMatchObject(given)
    expect(await registry.register('orders', json(order()), given)).toMatchObject(given)
    expect(await registry.register('orders', json(otherType), { id: 50, version: 3 })).toMatchObject({
      version: 3,
    })
    expect(await refusalOf(registry.register('orders', json(withTotal), { id: 100, version: 8 }))).toMatch(
      /^schema_number_taken: The id 100 stands for another schema/,
    )
    expect(await refusalOf(registry.register('orders', json(withTotal), { id: 101, version: 7 }))).toMatch(
      /^schema_number_taken: Version 7 of "orders" is another schema/,
    )
  })
})
