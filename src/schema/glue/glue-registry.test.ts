import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Clock, limits, systemClock } from '../../kernel/index.ts'
import type { SchemaDefinition, SchemaRegistry } from '../schema-registry.ts'
import { type GlueRegistryOptions, glueRegistry } from './glue-registry.ts'
import { GlueServer } from './glue-server.fixture.ts'

const subject = 'com.example.orders.created'
const first = definition({ orderId: { type: 'string' } }, { major: '1', version: '1' })
const second = definition(
  { orderId: { type: 'string' }, coupon: { type: 'string' } },
  { major: '1', version: '2' },
)
const third = definition({ id: { type: 'string' } }, { major: '3', version: '3' })

function definition(properties: object, metadata?: Record<string, string>): SchemaDefinition {
  const schema = JSON.stringify({ type: 'object', properties, additionalProperties: false })
  return { schemaType: 'JSON', schema, ...(metadata && { metadata: { properties: metadata } }) }
}

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'someone')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
})
const opened: SchemaRegistry[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const registry of opened.splice(0)) await registry.close()
})

/** Waits are over at once. */
const hastyClock: Clock = { ...systemClock, schedule: (_, callback) => systemClock.schedule(0, callback) }

function open(server: { readonly url: string }, options: GlueRegistryOptions = {}): SchemaRegistry {
  const registry = glueRegistry({
    endpoint: server.url,
    region: 'eu-central-1',
    clock: hastyClock,
    attempts: 1,
    ...options,
  })
  opened.push(registry)
  return registry
}

describe('What is registered', () => {
  test('is found again by its content, its number and its id', async () => {
    await using server = await GlueServer.start()
    const registry = open(server)
    const registered = await registry.register(subject, first)
    expect(registered).toMatchObject({ ...first, schemaSubject: subject, version: 1, guid: registered.id })
    expect(await registry.lookUp(subject, first)).toEqual(registered)
    expect(await registry.version(subject, 1)).toEqual(registered)
    expect(await registry.version(subject, 'latest')).toEqual(registered)
    expect(await registry.byId(registered.id)).toEqual(registered)
    expect(await registry.lookUp(subject, second)).toBeUndefined()
    expect(await registry.version(subject, 7)).toBeUndefined()
    expect(await registry.byId('00000000-0000-0000-0000-000000000000')).toBeUndefined()
    expect(await registry.byId(1)).toBeUndefined()
  })

  test('is waited for until it is available', async () => {
    await using server = await GlueServer.start()
    const registered = await open(server).register(subject, first)
    expect(server.operations.filter((each) => each === 'GetSchemaVersion').length).toBeGreaterThan(1)
    expect(await open(server).byId(registered.id)).toEqual(registered)
  })

  test('has a schema of its own for each major version', async () => {
    await using server = await GlueServer.start({ isCompatible: () => true })
    const registry = open(server)
    for (const each of [first, second, third]) await registry.register(subject, each)
    expect(await registry.versions(subject)).toEqual([1, 2, 3])
    expect(await registry.version(subject, 3)).toMatchObject(third)
    expect(await registry.schemaSubjects()).toEqual([subject])
    expect(await open(server).versions(subject)).toEqual([1, 2, 3])
  })

  test('again is the version that is there', async () => {
    await using server = await GlueServer.start()
    const registered = await open(server).register(subject, first)
    expect(await open(server).register(subject, first)).toEqual(registered)
    expect(await open(server).versions(subject)).toEqual([1])
  })

  test('with the same schema under two numbers is found under both', async () => {
    await using server = await GlueServer.start()
    const registry = open(server)
    const again = { ...first, metadata: { properties: { major: '1', version: '2' } } }
    const { id } = await registry.register(subject, first)
    expect(await registry.register(subject, again)).toMatchObject({
      id,
      version: 2,
      metadata: again.metadata,
    })
    expect(await registry.lookUp(subject, first)).toMatchObject({ id, version: 1 })
    expect(await open(server).versions(subject)).toEqual([1, 2])
    expect(await open(server).version(subject, 2)).toMatchObject(again)
  })

  test('without a number is counted within its schema', async () => {
    await using server = await GlueServer.start()
    const registry = open(server)
    const bare = definition({ n: { type: 'number' } })
    expect(await registry.register('counts', bare)).toMatchObject({ version: 1, schema: bare.schema })
    expect(await registry.register('counts', definition({ n: {} }))).toMatchObject({ version: 2 })
    await registry.register('later', { ...bare, metadata: { properties: { major: '4' } } })
    expect(await registry.versions('later')).toEqual([4])
  })

  test('creates a registry that is not there, and a schema that somebody creates meanwhile', async () => {
    await using server = await GlueServer.start()
    const [one, other] = [open(server, { registryName: 'shop' }), open(server, { registryName: 'shop' })]
    const [a, b] = await Promise.all([one.register(subject, first), other.register(subject, second)])
    expect([a.version, b.version]).toEqual([1, 2])
    expect(server.operations).toContain('CreateRegistry')
  })
})

describe('The draft of a schema', () => {
  const of2020 = '{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}'

  test('that Glue does not know is kept beside one that it does, and the text comes back as it was', async () => {
    await using server = await GlueServer.start()
    const registry = open(server)
    const registered = await registry.register(subject, { ...first, schema: of2020 })
    expect(registered.schema).toBe(of2020)
    expect(await open(server).lookUp(subject, { ...first, schema: of2020 })).toEqual(registered)
    expect(await registry.check(subject, { ...first, schema: of2020 })).toMatchObject({ compatible: true })
  })

  test('is refused where it could not come back', async () => {
    await using server = await GlueServer.start()
    const taken = `{"$schema":"http://a","x-tidings-draft":"b","c":${of2020}}`
    await expect(open(server).register(subject, { ...first, schema: taken })).rejects.toThrow(
      'schema_unsupported: The schema has the keyword "x-tidings-draft"',
    )
  })
})

describe('What is not compatible', () => {
  test('is refused by Glue, with the reasons that it does not give', async () => {
    await using server = await GlueServer.start({ isCompatible: () => false })
    const registry = open(server)
    await registry.register(subject, first)
    const narrower = definition({ orderId: { type: 'number' } }, { major: '1', version: '2' })
    await expect(registry.register(subject, narrower)).rejects.toThrow(
      `schema_incompatible: AWS Glue finds that the schema cannot follow the versions of "${subject}#1" under BACKWARD. /properties/orderId/type: `,
    )
    expect(await registry.versions(subject)).toEqual([1])
    expect(await registry.check(subject, narrower)).toMatchObject({ compatible: false })
    expect(await registry.check(subject, second)).toEqual({ compatible: true, reasons: [] })
    expect(await registry.check('com.example.other', third)).toEqual({ compatible: true, reasons: [] })
  })

  test('is refused with what else there is to do where our own rules allow it', async () => {
    await using server = await GlueServer.start({ isCompatible: () => false })
    const registry = open(server)
    await registry.register(subject, first)
    await expect(registry.register(subject, second)).rejects.toThrow(
      'compare the two with GetSchemaVersionsDiff',
    )
  })

  test('is compared as the level says, which Glue calls by other names', async () => {
    await using server = await GlueServer.start()
    const registry = open(server)
    expect(await registry.settings(subject)).toBeUndefined()
    await registry.configure(subject, {
      compatibilityLevel: 'FULL_TRANSITIVE',
      compatibilityPolicy: 'LENIENT',
    })
    await registry.register(subject, first)
    expect(await open(server).settings(subject)).toEqual({
      compatibilityLevel: 'FULL_TRANSITIVE',
      compatibilityGroup: 'major',
    })
    expect(await registry.check(subject, second)).toMatchObject({ compatible: false })
    await registry.configure(subject, { compatibilityLevel: 'NONE' })
    expect(await registry.check(subject, second)).toMatchObject({ compatible: true })
    // A later group is compared as the newest one is.
    const later = open(server)
    await later.register(subject, third)
    expect(await later.settings(subject)).toMatchObject({ compatibilityLevel: 'NONE' })
  })

  test('a schema that Glue finds invalid is told with its reason', async () => {
    await using server = await GlueServer.start({}, (operation) =>
      operation === 'CheckSchemaVersionValidity' ? { body: { Valid: false, Error: 'No.' } } : undefined,
    )
    await expect(open(server).check(subject, first)).rejects.toThrow(
      'schema_invalid: AWS Glue refuses the schema: No.',
    )
  })

  test('references and rules are refused, since they would be lost', async () => {
    await using server = await GlueServer.start()
    const referring = { ...first, references: [{ name: 'a', subject: 'b', version: 1 }] }
    await expect(open(server).register(subject, referring)).rejects.toThrow(
      'schema_unsupported: AWS Glue keeps',
    )
    expect(server.operations).toEqual([])
  })

  test('a name that Glue does not take is refused', async () => {
    await using server = await GlueServer.start()
    await expect(open(server).register('com.example/orders', first)).rejects.toThrow(
      'name_invalid: "com.example/orders#1" is no name of a schema in AWS Glue',
    )
  })
})

describe('When Glue does not answer', () => {
  test('the error says what to look at', async () => {
    const registry = open({ url: 'http://127.0.0.1:1' })
    await expect(registry.versions(subject)).rejects.toThrow(
      'registry_unreachable: The registry "default-registry" of AWS Glue cannot be reached: ',
    )
  })

  test.each(['AccessDeniedException', 'ExpiredTokenException', 'UnrecognizedClientException'])(
    '%s is about the credentials',
    async (name) => {
      await using server = await GlueServer.start({}, () => ({
        status: 400,
        body: { __type: name, message: 'The security token included in the request is expired' },
      }))
      await expect(open(server).byId('x')).rejects.toThrow(
        'registry_denied: AWS Glue refuses access to its registry "default-registry": The security token included in the request is expired. Check the credentials',
      )
    },
  )

  test('troubles of its own are tried again', async () => {
    await using server = await GlueServer.start({}, (_, count) =>
      count === 1 ? { status: 500, body: { __type: 'InternalServiceException' } } : undefined,
    )
    expect(await open(server, { attempts: 2 }).schemaSubjects()).toEqual([])
  })

  test('a version that never becomes available is told', async () => {
    let nowMs = 0
    const clock: Clock = {
      ...hastyClock,
      monotonic: () => {
        nowMs += limits.glueAvailableMs / 2
        return nowMs
      },
    }
    await using server = await GlueServer.start({}, (operation) =>
      operation === 'GetSchemaVersion' ? { body: { Status: 'PENDING' } } : undefined,
    )
    await expect(open(server, { clock }).register(subject, first)).rejects.toThrow(
      `registry_unreachable: AWS Glue has taken a schema for "${subject}#1", which is PENDING`,
    )
  })

  test('nothing is added where Glue has switched it off', async () => {
    await using server = await GlueServer.start({}, (operation) =>
      operation === 'GetSchema' ? { body: { Compatibility: 'DISABLED' } } : undefined,
    )
    await using off = await GlueServer.start({}, (operation) => {
      if (operation === 'GetSchema') return { body: { Compatibility: 'DISABLED' } }
      if (operation !== 'RegisterSchemaVersion') return undefined
      return { status: 400, body: { __type: 'InvalidInputException', Message: 'No.' } }
    })
    expect(await open(server).check(subject, first)).toMatchObject({ compatible: false })
    await expect(open(off).register(subject, first)).rejects.toThrow(
      `registry_read_only: Nothing may be added to "${subject}#1"`,
    )
  })
})
