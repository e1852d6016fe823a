import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { limits } from '../kernel/index.ts'
import { receive } from './event.example.ts'
import { decodeHeaderValue, encodeHeaderValue } from './http.ts'
import { type CloudEvent, decodeHttp, encodeHttp, encodeHttpBatch } from './index.ts'

const event: CloudEvent = {
  specversion: '1.0',
  id: '1',
  source: '/orders',
  type: 'order.created',
  data: { a: 1 },
}
const ce = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/orders', 'ce-type': 'order.created' }
const json = { ...ce, 'content-type': 'application/json' }

describe('binary mode', () => {
  test('puts attributes into headers and data into the body', () => {
    const subject = 'Euro € 😀'
    const { headers, body } = encodeHttp({ ...event, subject }, { mode: 'binary' })
    expect(headers).toEqual({ ...json, 'ce-subject': 'Euro%20%E2%82%AC%20%F0%9F%98%80' })
    expect(new TextDecoder().decode(body as Uint8Array)).toBe('{"a":1}')
    expect(decodeHttp({ headers, body })).toStrictEqual([
      { ...event, subject, datacontenttype: 'application/json' },
    ])
  })

  test('says application/json when the event does not, except of bytes', () => {
    expect(encodeHttp(event, { mode: 'binary' }).headers['content-type']).toBe('application/json')
    const bytes = encodeHttp({ ...event, data: new Uint8Array([1]) }, { mode: 'binary' })
    expect(bytes.headers).not.toHaveProperty('content-type')
  })

  test('writes integers, booleans and bytes in their canonical form', () => {
    const extended: CloudEvent = Object.assign({}, event, {
      count: -3,
      test: true,
      bytes: new Uint8Array([1, 2]),
    })
    expect(encodeHttp(extended, { mode: 'binary' }).headers).toMatchObject({
      'ce-count': '-3',
      'ce-test': 'true',
      'ce-bytes': 'AQI=',
    })
  })

  test('header names and media types are read in any case', () => {
    const headers = {
      'CE-SpecVersion': '1.0',
      'Ce-Id': '1',
      'cE-source': '/orders',
      'CE-TYPE': 'order.created',
      'Ce-Region': 'eu',
      'Content-Type': 'Application/Problem+JSON; charset=utf-8',
      Host: 'example.com',
    }
    expect(decodeHttp({ headers, body: '{"a":1}' })).toStrictEqual([
      { ...event, region: 'eu', datacontenttype: 'Application/Problem+JSON; charset=utf-8' },
    ])
  })

  test('web headers and arrays of one value are read', () => {
    expect(decodeHttp({ headers: new Headers(json), body: '{"a":1}' })).toHaveLength(1)
    expect(
      decodeHttp({ headers: { ...json, 'ce-id': ['1'], other: ['a', 'b'], none: undefined }, body: '1' }),
    ).toHaveLength(1)
  })

  test.each([
    ['application/json', '1.5', 1.5],
    ['text/json', 'true', true],
    ['application/json', '"text"', 'text'],
    ['text/plain', 'text', 'text'],
    ['text/plain; charset=US-ASCII', '', ''],
    ['text/plain; charset=iso-8859-1', 'x', new Uint8Array([120])],
    ['application/xml', 'x', new Uint8Array([120])],
    [undefined, 'x', new Uint8Array([120])],
  ])('a body of %s is read: %j', (contentType, body, data) => {
    const [decoded] = decodeHttp({ headers: { ...ce, 'content-type': contentType }, body })
    expect(decoded?.data).toStrictEqual(data)
  })

  test('no body, and an empty one of JSON or of no media type, is no data', () => {
    for (const input of [
      { headers: ce, body: undefined },
      { headers: ce, body: '' },
      { headers: json, body: new Uint8Array() },
      { headers: json, body: undefined },
    ]) {
      expect(decodeHttp(input)[0]).not.toHaveProperty('data')
    }
  })

  test.each<[string, Record<string, string | string[]>, string]>([
    ['a missing attribute', { 'ce-id': '1', 'ce-source': '/', 'ce-type': 't' }, '/specversion is missing'],
    ['a ce-datacontenttype', { ...json, 'ce-datacontenttype': 'text/plain' }, 'content-type'],
    ['a ce-data', { ...json, 'ce-data': 'x' }, 'attribute "data"'],
    ['a ce-data_base64', { ...json, 'ce-data_base64': 'AA==' }, 'attribute "data_base64"'],
    [
      'a ce-__proto__',
      JSON.parse(JSON.stringify(json).replace('}', ',"ce-__proto__":"x"}')),
      'attribute "__proto__"',
    ],
    ['a header with two values', { ...json, 'ce-id': ['1', '2'] }, 'one value'],
    ['a header that appears twice', { ...json, 'CE-ID': '1' }, 'twice'],
    ['a control character', { ...json, 'ce-subject': 'a%0Ab' }, '/subject'],
    ['bytes that are not UTF-8', { ...json, 'ce-subject': '%FF' }, 'not UTF-8'],
    ['a media type that is none', { ...ce, 'content-type': 'json' }, '/datacontenttype'],
    ['another format', { 'content-type': 'application/cloudevents+avro' }, 'only the JSON format'],
    [
      'another format of batches',
      { 'content-type': 'application/cloudevents-batch+xml' },
      'only the JSON format',
    ],
  ])('%s is refused', (_, headers, words) => {
    expect(() => decodeHttp({ headers, body: '{}' })).toThrow(words)
  })

  test.each([
    ['json_invalid', json, '{'],
    ['json_unsafe', json, '{"__proto__":1}'],
    ['json_too_deep', json, '['.repeat(limits.jsonDepth)],
    ['event_too_large', ce, 'x'.repeat(limits.eventBytes)],
    ['event_invalid', json, new Uint8Array([0xff])],
    ['event_invalid', { ...ce, 'content-type': 'text/plain' }, new Uint8Array([0xff])],
  ])('a body can be refused with %s', (code, headers, body) => {
    expect(() => decodeHttp({ headers, body })).toThrow(code)
  })

  test.each<[string, CloudEvent]>([
    ['an invalid event', { ...event, id: '' }],
    ['a header smuggled into the media type', { ...event, datacontenttype: 'text/plain\r\nx: y' }],
    ['text with an unpaired surrogate', { ...event, datacontenttype: 'text/plain', data: '\ud800' }],
    [
      'text in a charset that is not UTF-8',
      { ...event, datacontenttype: 'text/plain; charset=latin1', data: 'é' },
    ],
    ['data that is a CloudEvent itself', { ...event, datacontenttype: 'application/cloudevents+json' }],
  ])('%s is not sent', (_, unfit) => {
    expect(() => encodeHttp(unfit, { mode: 'binary' })).toThrow('event_invalid')
  })
})

describe('structured and batched mode', () => {
  test('an event is one JSON body', () => {
    const message = encodeHttp(event, { mode: 'structured' })
    expect(message).toEqual({
      headers: { 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify(event),
    })
    expect(decodeHttp(message)).toStrictEqual([event])
    const headers = { 'Content-Type': 'APPLICATION/CloudEvents+JSON;charset="utf-8"' }
    expect(decodeHttp({ headers, body: new TextEncoder().encode(JSON.stringify(event)) })).toStrictEqual([
      event,
    ])
  })

  test('a batch is one JSON array', () => {
    const message = encodeHttpBatch([event, { ...event, id: '2' }])
    expect(message.headers['content-type']).toBe('application/cloudevents-batch+json')
    expect(decodeHttp(message)).toStrictEqual([event, { ...event, id: '2' }])
    expect(decodeHttp(encodeHttpBatch([]))).toEqual([])
    expect(() => encodeHttpBatch([event, { ...event, id: '' }])).toThrow('/1/id')
  })

  test.each([[undefined], [''], [new Uint8Array([0xff])]])('the body %j is refused', (body) => {
    const headers = { 'content-type': 'application/cloudevents+json' }
    expect(() => decodeHttp({ headers, body })).toThrow('event_invalid')
  })
})

const cases = new URL('../../../shared/cloudevents/http-header-cases.json', import.meta.url)

describe.skipIf(!existsSync(cases))(
  'header values (skipped where the shared vectors are not beside the repository)',
  () => {
    const vectors: Record<'encode' | 'decode', [string, string][]> & { decodeMustReject: string[] } =
      existsSync(cases)
        ? JSON.parse(readFileSync(cases, 'utf8'))
        : { encode: [], decode: [], decodeMustReject: [] }

    test('are encoded, and decoded again, as the vectors have it', () => {
      for (const [value, header] of vectors.encode) {
        expect(encodeHeaderValue(value)).toBe(header)
        expect(decodeHeaderValue(header)).toBe(value)
      }
      for (const [header, value] of vectors.decode) expect(decodeHeaderValue(header)).toBe(value)
      for (const header of vectors.decodeMustReject)
        expect(() => decodeHeaderValue(header)).toThrow('event_invalid')
    })
  },
)

test.each([
  ['100%', '100%'],
  ['100%zz%4', '100%zz%4'],
  ['5%%20', '5% '],
  ['"open', '"open'],
  ['"a" b', '"a" b'],
  ['""', ''],
  ['é', 'é'],
])('the header value %s of a producer that does not encode is read as %s', (header, value) => {
  expect(decodeHeaderValue(header)).toBe(value)
})

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

test('the page of the docs quotes the example that is tested here', () => {
  const example = read('event.example.ts')
    .replace('../kernel/index.ts', 'tidings')
    .replace('./index.ts', 'tidings/event')
  expect(read('../../docs/event.md')).toContain(example)
})

const request = (body: string): Request =>
  new Request('http://localhost', { method: 'POST', headers: json, body })

test('a web handler answers with 204, or with 400 and the reason', async () => {
  const handled: unknown[] = []
  const answer = (body: string): Promise<Response> => receive(request(body), ({ data }) => handled.push(data))
  expect((await answer('{"orderId":"42"}')).status).toBe(204)
  expect(handled).toEqual([{ orderId: '42' }])
  const refused = await answer('{')
  expect(refused.status).toBe(400)
  expect(await refused.text()).toContain('json_invalid')
})
