import { beforeEach, describe, expect, test } from 'vitest'
import { limits } from '../kernel/index.ts'
import { compileSchema } from '../schema/index.ts'
import { type Answer, Client, closed, open } from './registry.fixture.ts'

let client: Client
beforeEach(() => {
  client = new Client()
})

const path = '/subjects/orders/versions'
const json = (schema: string, fields: object = {}): object => ({ schemaType: 'JSON', schema, ...fields })

async function refused(answer: Promise<Answer>, code: number, sentence: RegExp): Promise<void> {
  const { status, body } = await answer
  expect(body).toEqual({ error_code: code, message: expect.stringMatching(sentence) })
  expect(status).toBe(Number(String(code).slice(0, 3)))
  expect(await client.get('/subjects?deleted=true')).toEqual([])
  expect(client.errors).toEqual([])
  expect((await client.register('after', true)).body).toMatchObject({ id: 1, version: 1 })
}

describe('A bad body', () => {
  test.each([
    ['nothing', undefined, 400, /not JSON/],
    ['no JSON', '{"schema":', 400, /not JSON/],
    ['a list', '[]', 400, /not a JSON object/],
    ['no UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 400, /not UTF-8/],
    ['a key __proto__', '{"__proto__":{"x":1}}', 400, /__proto__/],
    ['deep nesting', `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400, /more than 64 levels/],
    ['no schema', {}, 42201, /"schema" has to be the schema as a string/],
    ['an empty schema', json(''), 42201, /"schema" has to be/],
    [
      'a schema that is no string',
      { schemaType: 'JSON', schema: open },
      42201,
      /as JSON\.stringify\(schema\) writes it/,
    ],
    ['an unknown type', json('{}', { schemaType: 'XML' }), 42201, /"schemaType" is "XML"/],
    [
      'PROTOBUF',
      json('syntax = "proto3";', { schemaType: 'PROTOBUF' }),
      42201,
      /no schemas of type PROTOBUF/,
    ],
    ['references that are no list', json('{}', { references: {} }), 42201, /"references" has to be a list/],
    [
      'a reference without a version',
      json('{}', { references: [{ name: 'a', subject: 'b' }] }),
      42201,
      /Each of "references"/,
    ],
    ['metadata that is no object', json('{}', { metadata: [] }), 42201, /"metadata" has to be an object/],
    [
      'a property that is no string',
      json('{}', { metadata: { properties: { a: 1 } } }),
      42201,
      /has to be a string/,
    ],
    ['an id outside of IMPORT', json('{}', { id: 7 }), 42205, /the registry gives ids and versions/],
  ])('with %s', async (_, body, code, sentence) => {
    await refused(client.call('POST', path, body), code, sentence)
  })

  test('of 10 MB', async () => {
    const schema = JSON.stringify({ description: 'x'.repeat(10_000_000) })
    await refused(client.call('POST', path, json(schema)), 42209, /larger than 4194304 bytes/)
  })

  test('of 10 MB that come without saying so', async () => {
    const chunk = new TextEncoder().encode('x'.repeat(1_000_000))
    let sent = 0
    const body = new ReadableStream({
      pull(controller) {
        if (sent++ < 10) controller.enqueue(chunk)
        else controller.close()
      },
    })
    const request = new Request(`http://localhost${path}`, {
      method: 'POST',
      body,
      duplex: 'half',
    })
    const response = await client.server.fetch(request)
    expect(await response.json()).toMatchObject({ error_code: 42209 })
    expect(sent).toBeLessThan(10)
  })

  test('with a schema that is too large', async () => {
    const schema = JSON.stringify({ description: 'x'.repeat(limits.schemaBytes) })
    await refused(client.call('POST', path, json(schema)), 42209, /larger than 1048576 bytes/)
  })
})

describe('A bad schema', () => {
  test.each([
    ['that is not JSON', '{', /It is not JSON/],
    ['that Ajv refuses', '{"type":"decimal"}', /is not a JSON Schema of 2020-12: \/type must be one of/],
    [
      'with a pattern that RE2 cannot run',
      '{"pattern":"^a(?=b)"}',
      /does not run on RE2 .* Write it without look-ahead/,
    ],
    ['with a $ref to the web', '{"$ref":"http://169.254.169.254/latest"}', /Nothing is loaded/],
    ['with a $ref to a file', '{"$ref":"file:///etc/passwd"}', /Nothing is loaded/],
    ['with a $ref to nowhere', '{"$ref":"#/$defs/none"}', /refers to #\/\$defs\/none/],
    ['that is its own $ref', '{"$ref":"#"}', /leads back to itself/],
    ['that nests too deep', `${'{"not":'.repeat(300)}{}${'}'.repeat(300)}`, /more than 256 levels/],
    ['that nests a million levels deep', '['.repeat(1_000_000), /more than 256 levels/],
    ['with a key __proto__', '{"properties":{"__proto__":{}}}', /__proto__/],
    [
      'of draft-04',
      '{"$schema":"http://json-schema.org/draft-04/schema#","type":"object"}',
      /is written in "http:\/\/json-schema\.org\/draft-04\/schema#"\. Use draft-07, 2019-09 or 2020-12/,
    ],
  ])('%s', async (_, schema, sentence) => {
    await refused(client.call('POST', path, json(schema)), 42201, sentence)
  })

  test('that refers to a version that is not there', async () => {
    const references = [{ name: 'money.json', subject: 'money', version: 1 }]
    await refused(
      client.call('POST', path, json('{"$ref":"money.json"}', { references })),
      42201,
      /Register that first/,
    )
  })

  test('that refers to itself, which cannot be there yet', async () => {
    const references = [{ name: 'orders.json', subject: 'orders', version: 1 }]
    await refused(
      client.call('POST', path, json('{"$ref":"orders.json"}', { references })),
      42201,
      /to version 1 of schema subject "orders", which is not there/,
    )
  })

  test.each(['/compatibility/subjects/after/versions', '/compatibility/subjects/after/versions/latest'])(
    'is refused by POST %s, too',
    async (at) => {
      await client.register('after', true)
      for (const schema of [
        '{',
        '{"type":"decimal"}',
        '{"pattern":"^a(?=b)"}',
        '{"$ref":"file:///etc/passwd"}',
      ]) {
        expect((await client.call('POST', at, json(schema))).body).toEqual({
          error_code: 42201,
          message: expect.stringMatching(/\.$/),
        })
      }
    },
  )

  test('with a pattern that others would run for ever is one like others', async () => {
    const schema = '{"pattern":"^(a+)+$"}'
    expect((await client.call('POST', path, json(schema))).status).toBe(200)
    const validate = compileSchema(JSON.parse(schema))
    expect(validate(`${'a'.repeat(100_000)}!`)).toEqual([
      { path: '', message: 'must match pattern "^(a+)+$"' },
    ])
  })

  test('that is JSON Schema and says nothing of it', async () => {
    const schema = JSON.stringify(open)
    const answer = client.call('POST', path, { schema })
    await refused(answer, 42201, /^this is JSON Schema: send "schemaType": "JSON"$/)
  })
})

describe('A name of a schema subject', () => {
  test.each([
    ['of 300 characters', 'x'.repeat(300), 42208],
    ['with a control character', 'a%00b', 42208],
    ['with a line break', 'a%0Ab', 42208],
    ['that is dots', '%2E%2E', 404],
    ['with a slash as it is', 'a/b', 404],
  ])('%s is refused', async (_, subject, code) => {
    await refused(client.register(subject, open), code, /\.$/)
  })

  test.each([
    ['with an escaped slash', 'a%2Fb', 'a/b'],
    ['that leads upwards', '..%2F..%2Fetc%2Fpasswd', '../../etc/passwd'],
    ['with an escaped percent sign', 'a%252Fb', 'a%2Fb'],
    ['that is not Latin', '%E2%82%AC', '€'],
    ['with a percent sign that escapes nothing', 'a%ZZ', 'a%ZZ'],
    ['that escapes no UTF-8', '%ED%A0%80', '%ED%A0%80'],
  ])('%s is a name like others', async (_, subject, name) => {
    expect((await client.register(subject, open)).status).toBe(200)
    expect(await client.get('/subjects')).toEqual([name])
    expect(await client.get(`/subjects/${subject}/versions`)).toEqual([1])
  })
})

describe('Anywhere in a path', () => {
  test.each([
    ['/schemas/ids/0', 40403],
    ['/schemas/ids/-1', 40403],
    ['/schemas/ids/1.5', 40403],
    ['/schemas/ids/1%00', 40403],
    ['/schemas/guids/..%2F..', 40403],
    ['/subjects/orders/versions/-2', 42202],
    ['/subjects/orders/versions/99999999999', 42202],
    ['/contexts/a%00b/subjects', 42208],
    [`/contexts/${'x'.repeat(300)}/subjects`, 42208],
    [`/config/${'x'.repeat(300)}`, 42208],
    ['/mode/a%0Ab', 42208],
    ['/schemas/ids/1?subject=a%00b', 42208],
    ['/com.example.a%00/1', 42208],
  ])('GET %s is refused with %i and a sentence', async (at, code) => {
    const { status, body } = await client.call('GET', at)
    expect(body).toEqual({ error_code: code, message: expect.stringMatching(/[.?]$/) })
    expect(status).toBe(Number(String(code).slice(0, 3)))
    expect(client.errors).toEqual([])
  })
})

describe('Many at the same time', () => {
  test('with the same schema make one version, with one id', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => client.register('orders', open)))
    expect(new Set(all.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect(await client.get('/subjects/orders/versions')).toEqual([1])
  })

  test('with schemas that conflict make one version, and the others are told why', async () => {
    await client.register('orders', closed)
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, at) =>
        client.register('orders', {
          ...closed,
          properties: { ...closed.properties, more: { const: at } },
        }),
      ),
    )
    expect(all.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, ...Array(9).fill(409)])
    expect(all.find(({ status }) => status === 409)?.body).toEqual({
      error_code: 40901,
      message: expect.stringContaining(
        'cannot follow version 2 of "orders" under BACKWARD. /properties/more',
      ),
    })
    expect(await client.get('/subjects/orders/versions')).toEqual([1, 2])
  })
})
