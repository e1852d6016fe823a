import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { SchemaDefinition, SchemaRegistry } from '../schema-registry.ts'
import { decodeGlueFrame, encodeGlueFrame } from './glue-frame.ts'
import { glueRegistry } from './glue-registry.ts'
import { MotoGlue } from './moto-glue.fixture.ts'

/** As `npm run test:engines` starts it. */
const motoUrl = process.env['TIDINGS_MOTO_URL']
const reason = motoUrl === undefined ? ' (there is no moto here: npm run test:engines starts one)' : ''

let glue: MotoGlue | undefined
beforeAll(async () => {
  if (motoUrl !== undefined) glue = await MotoGlue.start(motoUrl)
})
afterAll(() => glue?.[Symbol.asyncDispose]())

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'someone')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
})
const opened: SchemaRegistry[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const registry of opened.splice(0)) await registry.close()
})

function open(): SchemaRegistry {
  const registry = glueRegistry({ endpoint: glue?.url, region: 'eu-central-1', registryName: 'shop' })
  opened.push(registry)
  return registry
}

const definition = (properties: object, metadata: Record<string, string>): SchemaDefinition => ({
  schemaType: 'JSON',
  schema: JSON.stringify({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties,
  }),
  metadata: { properties: metadata },
})
const freshSubject = (): string => `com.example.orders-${randomUUID()}`
const first = definition({ orderId: { type: 'string' } }, { major: '1', version: '1' })
const second = definition({ orderId: {}, coupon: { type: 'string' } }, { major: '1', version: '2' })

describe.skipIf(motoUrl === undefined)(`The registry of AWS Glue on moto${reason}`, () => {
  test('creates its registry and schemas, and finds a version by its content and its id', async () => {
    const subject = freshSubject()
    const registry = open()
    expect(await registry.register(subject, first)).toMatchObject({ ...first, version: 1 })
    const found = await open().lookUp(subject, first)
    expect(found).toMatchObject({ schema: first.schema, schemaSubject: subject, version: 1 })
    expect(await open().byId(found?.id ?? '')).toEqual(found)
    expect(await open().lookUp(subject, second)).toBeUndefined()
    expect(await open().byId(randomUUID())).toBeUndefined()
  })

  test('adds versions, and registers none twice', async () => {
    const subject = freshSubject()
    const registry = open()
    const one = await registry.register(subject, first)
    const two = await registry.register(subject, second)
    expect(two.id).not.toBe(one.id)
    expect(two.version).toBe(2)
    expect(await registry.register(subject, first)).toEqual(one)
  })

  test('creates a schema with the level that was set for it', async () => {
    const subject = freshSubject()
    const registry = open()
    await registry.configure(subject, { compatibilityLevel: 'FULL_TRANSITIVE' })
    await registry.register(subject, first)
    expect(await open().settings(subject)).toMatchObject({ compatibilityLevel: 'FULL_TRANSITIVE' })
    await registry.configure(subject, { compatibilityLevel: 'NONE' })
    expect(await open().settings(subject)).toMatchObject({ compatibilityLevel: 'NONE' })
  })

  test('frames name the version that it gave', async () => {
    const subject = freshSubject()
    const { id } = await open().register(subject, first)
    const payload = new TextEncoder().encode('{"orderId":"1"}')
    expect(decodeGlueFrame(encodeGlueFrame(String(id), payload))).toEqual({ schemaVersionId: id, payload })
  })
})
