import { createRequire } from 'node:module'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { compileSchema, type JsonSchema, type Validator } from '../schema/index.ts'
import { type AsyncApiDocument, asyncApi } from './asyncapi.ts'
import { defineCatalog } from './catalog.ts'
import { dataschemaOf } from './dataschema.ts'
import { defineEvent } from './define-event.ts'
import { defineTopic } from './topic.ts'

const node = { type: 'object', properties: { next: { $ref: '#/$defs/node' } } }
const created = defineEvent('com.example.orders.created')
  .version(1, { type: 'object', description: 'An order was placed.', required: ['orderId'] } as const)
  .version(2, { $ref: '#/$defs/node', $defs: { node } } as const, () => ({}))
const odd = defineEvent('odd/type ~ü#').version(1, {
  prefixItems: [{ type: 'string' }],
  items: false,
} as const)
const orders = defineTopic('orders', { events: [created, odd], retention: { age: '30d' } })
const invoices = defineTopic('invoices', {
  events: [defineEvent('com.example.invoices.sent').version(3, { type: 'object' } as const)],
})
const catalog = defineCatalog([orders, invoices])
const document = asyncApi(catalog, { title: 'Shop', version: '1.2.3' })

const require = createRequire(import.meta.url)
const specification = require('@asyncapi/specs/schemas/3.1.0.json') as object

test.each([undefined, 'http', 'kafka'] as const)(
  'the document is valid AsyncAPI 3.1 (binary: %s)',
  (binary) => {
    const described = asyncApi(catalog, { title: 'Shop', version: '1.2.3', binary })
    const validate = new Ajv({
      meta: false,
      validateSchema: false,
      strict: false,
      logger: false,
      validateFormats: false,
    }).compile(specification)
    validate(JSON.parse(JSON.stringify(described)))
    expect(validate.errors).toBeNull()
    expect(validate({ ...described, operations: { a: { action: 'subscribe' } } })).toBe(false)
  },
)

test('it has a channel for each topic and a message for each version', () => {
  const { channels } = document as unknown as { channels: Record<string, { messages: object }> }
  expect(Object.entries(channels).map(([name, { messages }]) => [name, Object.keys(messages)])).toEqual([
    ['orders', ['com.example.orders.created.v1', 'com.example.orders.created.v2', 'odd/type ~ü#.v1']],
    ['invoices', ['com.example.invoices.sent.v3']],
  ])
  expect(channels['orders']).toMatchObject({
    address: 'orders',
    'x-tidings-partitions': 8,
    'x-tidings-retention': { ageMs: 2_592_000_000 },
  })
})

test('an event is exactly one of the messages on its channel', () => {
  const { type } = created
  expect(matching(event(type, 1, { orderId: '1' }))).toEqual([`${type}.v1`])
  expect(matching(event(type, 2, { next: { next: {} } }))).toEqual([`${type}.v2`])
  expect(matching(event(type, 2, { next: { next: 1 } }))).toEqual([])
  expect(matching(event(type, 3, {}))).toEqual([])
  expect(matching(event(odd.type, 1, ['a']))).toEqual(['odd/type ~ü#.v1'])
  expect(matching(event(odd.type, 1, ['a', 'b']))).toEqual([])
})

test.each([
  ['http', 'ce-'],
  ['kafka', 'ce_'],
] as const)(
  'in the binary mode of %s the attributes are headers, and the data is the payload',
  (binary, prefix) => {
    const { channels } = asyncApi(catalog, { title: 'Shop', version: '1', binary })
    const { messages } = channels['orders'] as { messages: Record<string, Described> }
    const second = messages[`${created.type}.v2`]
    const { data: _, ...attributes } = event(created.type, 2, 0)
    const sent: Record<string, unknown> = { 'content-type': 'application/json' }
    for (const [name, value] of Object.entries(attributes)) sent[`${prefix}${name}`] = value
    expect(compileSchema(second!.headers)(sent)).toEqual([])
    const wrong = { ...sent, [`${prefix}dataschema`]: dataschemaOf('tidings:schemas', created.type, 1) }
    expect(compileSchema(second!.headers)(wrong)).toHaveLength(1)
    expect(second).toMatchObject({
      contentType: 'application/json',
      correlationId: { location: `$message.header#/${prefix}correlationid` },
    })
    expect(JSON.stringify(second!.payload)).toContain('/messages/com.example.orders.created.v2/payload/')
  },
)

interface Described {
  readonly headers: JsonSchema
  readonly payload: JsonSchema
}

test('the application sends the newest version and receives every one', () => {
  expect(
    asyncApi(catalog, { title: 'Shop', version: '1', sends: [created], receives: [created, invoices] }),
  ).toMatchObject({
    operations: {
      'orders.send': {
        action: 'send',
        channel: { $ref: '#/channels/orders' },
        messages: [{ $ref: '#/channels/orders/messages/com.example.orders.created.v2' }],
      },
      'orders.receive': {
        action: 'receive',
        messages: [
          { $ref: '#/channels/orders/messages/com.example.orders.created.v1' },
          { $ref: '#/channels/orders/messages/com.example.orders.created.v2' },
        ],
      },
      'invoices.receive': { action: 'receive' },
    },
  })
  expect(Object.keys(document.operations)).toEqual([
    'orders.send',
    'orders.receive',
    'invoices.send',
    'invoices.receive',
  ])
})

test('an application that only handles has nothing to send', () => {
  const { operations } = asyncApi(catalog, { title: 'Billing', version: '1', sends: [] })
  expect(Object.keys(operations)).toEqual(['orders.receive', 'invoices.receive'])
})

test('an event that the catalog does not have is refused', () => {
  const other = defineEvent('com.example.orders.creatd').version(1, { type: 'object' } as const)
  expect(() => asyncApi(catalog, { title: 'Shop', version: '1', sends: [other] })).toThrow(
    'type_unknown: The catalog has no event of type "com.example.orders.creatd". Did you mean com.example.orders.created?',
  )
})

test('the same catalog gives the same document', () => {
  expect(JSON.stringify(asyncApi(catalog, { title: 'Shop', version: '1.2.3' }))).toBe(
    JSON.stringify(document),
  )
})

test('every reference in the document leads somewhere', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to = '']) => to)
  expect(references.length).toBeGreaterThan(10)
  expect(references.filter((to) => resolve(document, to) === undefined)).toEqual([])
})

function event(type: string, version: number, data: unknown): Readonly<Record<string, unknown>> {
  const dataschema = dataschemaOf('tidings:schemas', type, version)
  return { specversion: '1.0', id: '1', source: '/shop', type, dataschema, data }
}

/** The messages of the channel that a value is. */
function matching(value: object): string[] {
  const all = [...payloads(document, 'orders')]
  return all.flatMap(([name, validate]) => (validate(value).length === 0 ? [name] : []))
}

function payloads(of: AsyncApiDocument, topic: string): Map<string, Validator> {
  const { messages } = of.channels[topic] as { messages: Record<string, object> }
  return new Map(
    Object.keys(messages).map((name) => {
      const steps = ['channels', topic, 'messages', name.replaceAll('~', '~0').replaceAll('/', '~1')]
      const $ref = `#/${steps.map((step) => encodeURIComponent(step)).join('/')}/payload`
      return [name, compileSchema({ $schema: 'http://json-schema.org/draft-07/schema#', ...of, $ref })]
    }),
  )
}

function resolve(of: unknown, reference: string): unknown {
  let at = of
  for (const step of reference.slice(2).split('/')) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
    at = typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined
  }
  return at
}
