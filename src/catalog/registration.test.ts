import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { memorySchemaStore } from '../memory/index.ts'
import { embeddedRegistry, type SchemaRegistry } from '../schema/index.ts'
import { defineCatalog } from './catalog.ts'
import { defineEvent } from './define-event.ts'
import type { EventDefinition } from './event-definition.ts'
import { importSchema } from './import-schema.ts'
import { checkCatalog, lookUpCatalog, registerCatalog } from './registration.ts'
import { defineTopic } from './topic.ts'

const type = 'com.example.orders.created'
const V1 = z.object({ orderId: z.string() })
const V2 = z.object({ ...V1.shape, currency: z.string().optional() })
const V3 = z.object({ ...V2.shape, userId: z.string() })
const one = defineEvent(type).version(1, V1)
const two = one.version(2, V2)
const three = two.version(3, V3, (v2) => ({ ...v2, userId: 'unknown' }))
const four = three.version(4, z.object({ ...V3.shape, note: z.string().optional() }))
const catalogOf = (...events: EventDefinition[]): ReturnType<typeof defineCatalog> =>
  defineCatalog([defineTopic('orders', { events })])

const newRegistry = (): SchemaRegistry => embeddedRegistry(memorySchemaStore())

async function propertiesIn(registry: SchemaRegistry): Promise<unknown[]> {
  const versions = await registry.versions(type)
  const registered = await Promise.all(versions.map((version) => registry.version(type, version)))
  return registered.map((each) => each?.metadata?.properties)
}

describe('Registering a catalog', () => {
  test('puts each version under its type, a version with an upcaster in a group of its own', async () => {
    const registry = newRegistry()
    const schemas = await registerCatalog(catalogOf(four), registry)
    expect(schemas.map(({ version, isNew, registered }) => [version, isNew, registered.version])).toEqual([
      [1, true, 1],
      [2, true, 2],
      [3, true, 3],
      [4, true, 4],
    ])
    expect(await propertiesIn(registry)).toEqual([
      { major: '1', version: '1' },
      { major: '1', version: '2' },
      { major: '3', version: '3' },
      { major: '3', version: '4' },
    ])
    expect(await registry.settings(type)).toEqual({
      compatibilityLevel: 'BACKWARD',
      compatibilityPolicy: 'LENIENT',
      compatibilityGroup: 'major',
    })
  })

  test('again does nothing, and adds only what is new', async () => {
    const registry = newRegistry()
    await registerCatalog(catalogOf(two), registry)
    const again = await registerCatalog(catalogOf(three), registry)
    expect(again.map(({ isNew }) => isNew)).toEqual([false, false, true])
    expect(await registry.versions(type)).toEqual([1, 2, 3])
  })

  test('goes on in the group that the registry knows when code has dropped old versions', async () => {
    const registry = newRegistry()
    await registerCatalog(catalogOf(two), registry)
    const later = defineEvent(type)
      .version(2, V2)
      .version(3, z.object({ ...V2.shape, note: z.string().optional() }))
    await registerCatalog(catalogOf(later), registry)
    expect((await propertiesIn(registry)).at(-1)).toEqual({ major: '1', version: '3' })
    await expect(lookUpCatalog(catalogOf(later), registry)).resolves.toHaveLength(2)
  })

  test('that begins with a later version keeps its number', async () => {
    const registry = newRegistry()
    const later = defineEvent(type).version(3, V3)
    await registerCatalog(catalogOf(later), registry)
    expect(await propertiesIn(registry)).toEqual([{ major: '3', version: '3' }])
    expect(await lookUpCatalog(catalogOf(later), registry)).toMatchObject([
      { version: 3, registered: { version: 1 } },
    ])
  })

  test('keeps the settings that somebody has made', async () => {
    const registry = newRegistry()
    await registry.configure(type, { compatibilityLevel: 'FULL' })
    await registerCatalog(catalogOf(one), registry)
    expect(await registry.settings(type)).toEqual({ compatibilityLevel: 'FULL' })
  })

  test('registers nothing at all when one version was changed after it was published', async () => {
    const registry = newRegistry()
    await registerCatalog(catalogOf(one), registry)
    const changed = defineEvent(type).version(1, V3)
    const other = defineEvent('com.example.other').version(1, V1)
    await expect(registerCatalog(catalogOf(other, changed), registry)).rejects.toThrow(
      /^schema_incompatible: Version 1 of com\.example\.orders\.created was published with another schema: .*"userId" may be missing/,
    )
    expect(await registry.schemaSubjects()).toEqual([type])
  })

  test('of several services at the same time gives each version once', async () => {
    const registry = newRegistry()
    await Promise.all(Array.from({ length: 4 }, () => registerCatalog(catalogOf(three), registry)))
    expect(await propertiesIn(registry)).toEqual([
      { major: '1', version: '1' },
      { major: '1', version: '2' },
      { major: '3', version: '3' },
    ])
  })
})

describe('Looking a catalog up', () => {
  test('finds every version, also when the registry has newer ones', async () => {
    const registry = newRegistry()
    await registerCatalog(catalogOf(four), registry)
    expect(
      (await lookUpCatalog(catalogOf(two), registry)).map(({ registered }) => registered.id),
    ).toHaveLength(2)
  })

  test('names every version that is not there, and writes nothing', async () => {
    const registry = newRegistry()
    await registerCatalog(catalogOf(one), registry)
    await expect(lookUpCatalog(catalogOf(three), registry)).rejects.toThrow(
      `schema_missing: The schema registry does not have version 2 of ${type} and version 3 of ${type}. Register what is new before it is deployed, with \`tidings schema push\`, or open the bus with schemas: 'register' while developing.`,
    )
    expect(await registry.versions(type)).toEqual([1])
  })

  test('asks for no more than the versions where all are there', async () => {
    const registry = newRegistry()
    await registerCatalog(catalogOf(three), registry)
    const asked: string[] = []
    const watched = new Proxy(registry, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return (...given: unknown[]) => {
          asked.push(String(name))
          return Reflect.apply(member, target, given) as unknown
        }
      },
    })
    await lookUpCatalog(catalogOf(three), watched)
    expect(asked).toEqual(['lookUp', 'lookUp', 'lookUp'])
  })
})

describe('Checking a catalog', () => {
  test('tells how each version stands, and writes nothing', async () => {
    const registry = newRegistry()
    await registerCatalog(catalogOf(two), registry)
    const findings = await checkCatalog(catalogOf(three), registry)
    expect(findings.map(({ version, state }) => [version, state])).toEqual([
      [1, 'published'],
      [2, 'published'],
      [3, 'new'],
    ])
    expect(await registry.versions(type)).toEqual([1, 2])
  })

  test('asks the registry, whose own settings may be stricter', async () => {
    const registry = newRegistry()
    await registerCatalog(catalogOf(one), registry)
    await registry.configure(type, { compatibilityPolicy: 'STRICT' })
    const findings = await checkCatalog(catalogOf(two), registry)
    expect(findings.at(-1)).toMatchObject({
      state: 'refused',
      refusals: [expect.stringContaining('"currency"')],
    })
  })
})

async function adopted(): Promise<SchemaRegistry> {
  const registry = newRegistry()
  await registry.register(type, { schemaType: 'JSON', schema: text(V1) })
  return registry
}

describe('A schema subject that was made by somebody else', () => {
  const owned = one.version(2, V3, (v1) => ({ ...v1, userId: 'unknown' }))

  test('is gone on with, its first version declared as it is', async () => {
    const registry = await adopted()
    await registry.configure(type, { compatibilityPolicy: 'LENIENT' })
    expect((await registerCatalog(catalogOf(two), registry)).map(({ isNew }) => isNew)).toEqual([false, true])
  })

  test('compares a version with an upcaster, too, and says what to set so that it does not', async () => {
    const registry = await adopted()
    const advice =
      'It has an upcaster, which counts only where versions are compared within groups. Have them compared so: PUT /config/com.example.orders.created with {"compatibilityGroup": "major"}.'
    expect((await checkCatalog(catalogOf(owned), registry)).at(-1)).toMatchObject({
      state: 'refused',
      refusals: expect.arrayContaining([advice, expect.stringContaining('"userId" may be missing')]),
    })
    await expect(registerCatalog(catalogOf(owned), registry)).rejects.toThrow(advice)
    await registry.configure(type, { compatibilityGroup: 'major' })
    await registerCatalog(catalogOf(owned), registry)
    expect(await propertiesIn(registry)).toEqual([undefined, { major: '2', version: '2' }])
  })
})

/** As `defineEvent` writes it: what stands on the wire. */
const text = (schema: z.ZodType): string => JSON.stringify(z.toJSONSchema(schema, { io: 'input' }))

describe('Importing a schema', () => {
  test('registers it as the catalog would, so that code finds it', async () => {
    const registry = newRegistry()
    await importSchema(registry, { type, version: 1, text: text(V1) })
    await importSchema(registry, { type, version: 2, text: text(V2) })
    expect(await importSchema(registry, { type, version: 2, text: text(V2) })).toMatchObject({ isNew: false })
    await expect(lookUpCatalog(catalogOf(two), registry)).resolves.toHaveLength(2)
  })

  test.each([
    ['a version that does not fit', 2, text(V3), 'schema_incompatible'],
    ['a version that is there with another schema', 1, text(V2), 'schema_incompatible'],
    ['what is not JSON', 2, '{', 'schema_invalid'],
    ['what is no object', 2, '[]', 'schema_invalid'],
    ['what is no schema', 2, '{"type":"number?"}', 'schema_invalid'],
  ])('refuses %s', async (_, version, wrong, code) => {
    const registry = newRegistry()
    await importSchema(registry, { type, version: 1, text: text(V1) })
    await expect(importSchema(registry, { type, version, text: wrong })).rejects.toMatchObject({ code })
    expect(await registry.versions(type)).toEqual([1])
  })
})
