import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type Catalog, defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { memory, memorySchemaStore } from '../memory/index.ts'
import { confluentRegistry, embeddedRegistry, type SchemaRegistry } from '../schema/index.ts'
import { HttpServer } from '../schema/confluent/http-server.fixture.ts'
import { type Bus, openBus } from './bus.ts'

const total = { type: 'object', properties: { total: { type: 'number' } }, required: ['total'] } as const
const charged = { ...total, properties: { ...total.properties, currency: { type: 'string' } } } as const
const owned = {
  type: 'object',
  properties: { ...charged.properties, userId: { type: 'string' } },
  required: ['total', 'userId'],
} as const
const type = 'com.example.orders.created'
const v1 = defineEvent(type).version(1, total)
const v2 = v1.version(2, charged)
const v3 = v2.version(3, owned, (data) => ({ ...data, userId: 'unknown' }))
type Definition = typeof v1 | typeof v2 | typeof v3

const opened: Bus[] = []
const folders: string[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((bus) => bus.close()))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

async function open(
  definition: Definition,
  options: { readonly registry?: SchemaRegistry; readonly schemas?: 'register' | 'lookup' } = {},
  transport = memory(),
): Promise<Bus> {
  const catalog: Catalog = defineCatalog([defineTopic('orders', { events: [definition] })])
  const bus: Bus = await openBus({ transport, source: '/orders', catalog, drainOn: false, ...options })
  opened.push(bus)
  return bus
}

test('While developing, a bus registers what the registry does not have', async () => {
  const registry = embeddedRegistry(memorySchemaStore())
  await open(v2, { registry, schemas: 'register' })
  await open(v3, { registry, schemas: 'register' })
  expect(await registry.versions(type)).toEqual([1, 2, 3])
})

test('In production a bus only looks up, and does not open without a version that it would publish', async () => {
  const registry = embeddedRegistry(memorySchemaStore())
  await open(v1, { registry, schemas: 'register' })
  await expect(open(v1, { registry })).resolves.toBeDefined()
  const transport = memory()
  await expect(open(v2, { registry }, transport)).rejects.toThrow(
    'schema_missing: The schema registry does not have version 2 of com.example.orders.created. Register what is new before it is deployed',
  )
  expect(await transport.admin.topics()).toEqual([])
  expect(await registry.versions(type)).toEqual([1])
})

test.each(['register', 'lookup'] as const)(
  'A version that others know otherwise stops %s, with the change',
  async (schemas) => {
    const registry = embeddedRegistry(memorySchemaStore())
    await open(v1, { registry, schemas: 'register' })
    const changed = defineEvent(type).version(1, owned) as unknown as Definition
    await expect(open(changed, { registry, schemas })).rejects.toMatchObject({
      code: 'schema_incompatible',
      details: { reasons: [expect.stringContaining('"userId" may be missing in what is written')] },
    })
  },
)

test('Without a registry, too, a version that does not fit the one before needs an upcaster', async () => {
  const without = (v2.version as (version: number, schema: unknown) => typeof v3)(3, owned)
  await expect(open(without)).rejects.toThrow(
    /^schema_incompatible: Version 3 of com\.example\.orders\.created has no upcaster, .* give version 3 an upcaster\.$/,
  )
  await expect(open(v3)).resolves.toBeDefined()
})

test('A service that was there before opens while the registry is gone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-answers-'))
  folders.push(folder)
  const stored = { subject: type, version: 1, id: 1, guid: 'e1e85d0f-7a2b-8c3d-9e8f-001122334412' }
  const server = await HttpServer.start(({ body }) => ({ body: { ...stored, ...(body as object) } }))
  const client = (): SchemaRegistry =>
    confluentRegistry(server.url, { cacheFolder: folder, retry: { attempts: 1 } })
  const { url } = server
  await open(v1, { registry: client() })
  await server[Symbol.asyncDispose]()
  const registry = confluentRegistry(url, { cacheFolder: folder, retry: { attempts: 1 } })
  await expect(open(v1, { registry })).resolves.toBeDefined()
  await expect(open(v2, { registry })).rejects.toThrow('registry_unreachable')
})

test('The options are checked', async () => {
  const registry = embeddedRegistry(memorySchemaStore())
  await expect(open(v1, { schemas: 'register' })).rejects.toThrow(
    'option_invalid: openBus got schemas: "register" without a registry. Give one, or leave schemas out.',
  )
  await expect(open(v1, { registry, schemas: 'push' as 'register' })).rejects.toThrow(
    `option_invalid: openBus got "push" as schemas. Give 'register' or 'lookup'.`,
  )
  await expect(open(v1, { registry: 'http://localhost:8081' as never })).rejects.toThrow(
    'option_invalid: openBus got "http://localhost:8081" as registry. Give a schema registry',
  )
})
