import { afterEach, describe, expect, test } from 'vitest'
import {
  defineCatalog,
  defineEvent,
  defineTopic,
  type EventDefinition,
  lookUpCatalog,
  registerCatalog,
} from '../catalog/index.ts'
import { memorySchemaStore } from '../memory/index.ts'
import {
  confluentRegistry,
  embeddedRegistry,
  type SchemaDefinition,
  type SchemaRegistry,
} from '../schema/index.ts'
import { listen } from './listen.ts'
import { registryServer } from './registry-server.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const token = 'secret'

async function served(): Promise<string> {
  const listening = await listen(registryServer({ store: memorySchemaStore(), token }), { port: 0, token })
  closing.push(() => listening.close())
  return listening.url
}

async function overHttp(): Promise<SchemaRegistry> {
  const registry = confluentRegistry(await served(), { auth: { token }, retry: { attempts: 1 } })
  closing.push(() => registry.close())
  return registry
}

const subject = 'com.example/orders created'
const json = (schema: object, properties?: Record<string, string>): SchemaDefinition => ({
  schemaType: 'JSON',
  schema: JSON.stringify(schema),
  ...(properties === undefined ? {} : { metadata: { properties } }),
})
const one = json({ type: 'object', properties: { a: { type: 'string' } } })
const two = json({ type: 'object', properties: { a: { type: ['string', 'null'] } } })
const wrong = json({ type: 'object', properties: { a: { type: 'number' } } })

describe.each([
  ['inside the process', () => Promise.resolve(embeddedRegistry(memorySchemaStore()))],
  ['over HTTP', overHttp],
])('A registry %s', (_, open: () => Promise<SchemaRegistry>) => {
  test('keeps what is registered, and finds it by content, number and id', async () => {
    const registry = await open()
    const first = await registry.register(subject, one)
    expect(first).toMatchObject({ schemaSubject: subject, version: 1, id: 1, ...one })
    expect(await registry.register(subject, one)).toMatchObject({ version: 1, id: 1, guid: first.guid })
    expect(await registry.register(subject, two)).toMatchObject({ version: 2, id: 2 })
    expect(await registry.lookUp(subject, one)).toMatchObject({ version: 1, id: 1, guid: first.guid })
    expect(await registry.byId(1)).toMatchObject({ id: 1, ...one, guid: first.guid })
    expect(await registry.byId(first.guid)).toMatchObject({ ...one, guid: first.guid })
    expect(await registry.byId('00000000-0000-8000-8000-000000000000')).toBeUndefined()
    expect(await registry.versions(subject)).toEqual([1, 2])
    expect(await registry.version(subject, 'latest')).toMatchObject({ version: 2, ...two })
    expect(await registry.schemaSubjects()).toEqual([subject])
  })

  test('finds content however its JSON is laid out', async () => {
    const registry = await open()
    await registry.register(subject, one)
    const laidOut = { ...one, schema: '{ "properties": { "a": { "type": "string" } },\n "type": "object" }' }
    expect(await registry.lookUp(subject, laidOut)).toMatchObject({ version: 1 })
  })

  test('has nothing under a name that nobody registered', async () => {
    const registry = await open()
    expect([
      await registry.lookUp(subject, one),
      await registry.byId(1),
      await registry.versions(subject),
      await registry.version(subject, 'latest'),
      await registry.settings(subject),
      await registry.check(subject, one),
      await registry.schemaSubjects(),
    ]).toEqual([undefined, undefined, [], undefined, undefined, { compatible: true, reasons: [] }, []])
  })

  test('refuses what does not fit, and says why', async () => {
    const registry = await open()
    await registry.register(subject, one)
    const verdict = await registry.check(subject, wrong)
    expect(verdict).toMatchObject({ compatible: false, reasons: [expect.stringContaining('/properties/a')] })
    await expect(registry.register(subject, wrong)).rejects.toMatchObject({ code: 'schema_incompatible' })
    await expect(registry.register(subject, json({ type: 'number?' }))).rejects.toMatchObject({
      code: 'schema_invalid',
    })
    expect(await registry.versions(subject)).toEqual([1])
  })

  test('compares as it is set, within a group only', async () => {
    const registry = await open()
    const settings = {
      compatibilityLevel: 'BACKWARD',
      compatibilityPolicy: 'LENIENT',
      compatibilityGroup: 'major',
    } as const
    await registry.configure(subject, settings)
    expect(await registry.settings(subject)).toEqual(settings)
    await registry.configure(subject, { compatibilityLevel: 'FULL' })
    expect(await registry.settings(subject)).toEqual({ ...settings, compatibilityLevel: 'FULL' })
    await registry.register(subject, { ...one, ...json({}, { major: '1' }), schema: one.schema })
    await expect(
      registry.register(subject, { ...wrong, metadata: { properties: { major: '1' } } }),
    ).rejects.toMatchObject({ code: 'schema_incompatible' })
    const opened = { ...wrong, metadata: { properties: { major: '2' } } }
    expect(await registry.register(subject, opened)).toMatchObject({ version: 2, metadata: opened.metadata })
  })
})

test('A client without the token is told so', async () => {
  const registry = confluentRegistry(await served())
  await expect(registry.schemaSubjects()).rejects.toMatchObject({ code: 'registry_denied' })
})

test('A catalog is registered, looked up and served under its dataschema, also where its versions begin late', async () => {
  const url = await served()
  const registry = confluentRegistry(url, { auth: { token } })
  closing.push(() => registry.close())
  const object = { type: 'object', properties: { a: { type: 'string' } } } as const
  const created = defineEvent('com.example.orders.created')
    .version(4, object)
    .version(5, { ...object, required: ['a'] } as const, () => ({ a: '' }))
  const catalog = defineCatalog([defineTopic('orders', { events: [created] })])
  await registerCatalog(catalog, registry)
  expect(
    (await lookUpCatalog(catalog, registry)).map(({ version, registered }) => [version, registered.version]),
  ).toEqual([
    [4, 1],
    [5, 2],
  ])
  const headers = { authorization: `Bearer ${token}` }
  const schemaAt = async (version: number): Promise<unknown> => {
    const response = await fetch(`${url}/com.example.orders.created/${version}`, { headers })
    return response.status === 200 ? await response.json() : response.status
  }
  expect([await schemaAt(4), await schemaAt(5), await schemaAt(6), await schemaAt(1)]).toEqual([
    created.schemaOf(4),
    created.schemaOf(5),
    404,
    404,
  ])
})

function push(registry: SchemaRegistry, event: EventDefinition): Promise<unknown> {
  return registerCatalog(defineCatalog([defineTopic('orders', { events: [event] })]), registry)
}

describe('Beside a catalog, a schema that is posted without metadata', () => {
  const type = 'com.example.orders.created'
  const object = { type: 'object', properties: { a: { type: 'string' } } } as const
  const withNote = { ...object, properties: { ...object.properties, note: { type: 'string' } } } as const
  const withCount = { ...object, properties: { ...object.properties, count: { type: 'integer' } } } as const
  const first = defineEvent(type).version(1, object)
  interface Pushed {
    readonly registry: SchemaRegistry
    readonly call: (method: string, path: string, schema?: object) => Promise<unknown>
    readonly post: (schema: object) => Promise<unknown>
  }

  async function pushed(): Promise<Pushed> {
    const url = await served()
    const registry = confluentRegistry(url, { auth: { token } })
    closing.push(() => registry.close())
    await push(registry, first)
    const call = async (method: string, path: string, schema?: object): Promise<unknown> => {
      const body = JSON.stringify({ schemaType: 'JSON', schema: JSON.stringify(schema) })
      const headers = { authorization: `Bearer ${token}` }
      const response = await fetch(`${url}${path}`, {
        method,
        headers,
        ...(schema === undefined ? {} : { body }),
      })
      return response.json()
    }
    return { registry, call, post: (schema) => call('POST', `/subjects/${type}/versions`, schema) }
  }

  test('is compared with the newest version', async () => {
    const { registry, post } = await pushed()
    expect(await post({ ...object, required: ['a'] })).toEqual({
      error_code: 40901,
      message: expect.stringMatching(
        /^The schema cannot follow version 1 of .* Leave "a" optional, or give the new version an upcaster\.$/,
      ),
    })
    expect(await registry.versions(type)).toEqual([1])
  })

  test('may be a version, which the catalog then declares', async () => {
    const { registry, post } = await pushed()
    expect(await post(withNote)).toMatchObject({ version: 2 })
    await expect(push(registry, first.version(2, withCount))).rejects.toThrow(
      `schema_incompatible: Version 2 of ${type} is another schema in the registry, which no catalog registered: `,
    )
    const both = { ...withNote, properties: { ...withNote.properties, ...withCount.properties } } as const
    await push(registry, first.version(2, withNote).version(3, both))
    expect((await registry.version(type, 3))?.metadata).toEqual({ properties: { major: '1', version: '3' } })
  })

  test('may be deleted, as the refusal says, and its number is free in code', async () => {
    const { registry, call, post } = await pushed()
    await post(withNote)
    const refusal = await push(registry, first.version(2, withCount)).catch((error: unknown) => String(error))
    const [, path = ''] = /DELETE (\S+)\.$/.exec(String(refusal)) ?? []
    expect(await call('DELETE', path)).toBe(2)
    await push(registry, first.version(2, withCount))
    expect((await registry.version(type, 'latest'))?.metadata).toEqual({
      properties: { major: '1', version: '2' },
    })
  })
})
