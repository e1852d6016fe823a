import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import * as z from 'zod'
import { glueRegistry } from '../schema/index.ts'
import { GlueServer } from '../schema/glue/glue-server.fixture.ts'
import { defineCatalog } from './catalog.ts'
import { defineEvent } from './define-event.ts'
import { checkCatalog, lookUpCatalog, registerCatalog } from './registration.ts'
import { defineTopic } from './topic.ts'

const V1 = z.object({ orderId: z.string() })
const V2 = z.object({ ...V1.shape, coupon: z.string().optional() })
const V3 = z.object({ ...V2.shape, userId: z.string() })
const orderCreated = defineEvent('com.example.orders.created')
  .version(1, V1)
  .version(2, V2)
  .version(3, V3, (v2) => ({ ...v2, userId: 'unknown' }))
const catalog = defineCatalog([defineTopic('orders', { events: [orderCreated] })])

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'someone')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
})
afterEach(() => vi.unstubAllEnvs())

test('a catalog is registered in AWS Glue, found there, and needs nothing more', async () => {
  await using server = await GlueServer.start()
  const registry = glueRegistry({ endpoint: server.url, region: 'eu-central-1' })
  await expect(lookUpCatalog(catalog, registry)).rejects.toThrow('schema_missing: ')
  const registered = await registerCatalog(catalog, registry)
  expect(
    registered.map(({ version, isNew, registered: { metadata } }) => [version, isNew, metadata]),
  ).toEqual([
    [1, true, { properties: { major: '1', version: '1' } }],
    [2, true, { properties: { major: '1', version: '2' } }],
    [3, true, { properties: { major: '3', version: '3' } }],
  ])
  const found = await lookUpCatalog(catalog, registry)
  expect(found.map(({ registered: { id } }) => id)).toEqual(registered.map(({ registered: { id } }) => id))
  expect((await checkCatalog(catalog, registry)).map(({ state }) => state)).toEqual(
    Array(3).fill('published'),
  )
  await registry.close()
})
