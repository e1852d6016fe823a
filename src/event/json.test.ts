import { describe, expect, test } from 'vitest'
import { isTidingsError, limits } from '../kernel/index.ts'
import {
  type CloudEvent,
  decodeJson,
  decodeJsonBatch,
  encodeJson,
  encodeJsonBatch,
  extension,
  readJson,
} from './index.ts'

const event = { specversion: '1.0', id: '1', source: '/orders', type: 'order.created' } as const
const withData = (data: unknown, datacontenttype?: string): CloudEvent =>
  datacontenttype === undefined ? { ...event, data } : { ...event, datacontenttype, data }

describe('one event', () => {
  test.each([
    [{ a: { b: [1, 'x', null] } }],
    [[]],
    [0],
    [-1.5],
    [true],
    [false],
    [''],
    ['{"a":1}'],
    [null],
    [new Uint8Array()],
    [new Uint8Array([0, 255])],
  ])('data %j comes back', (data) => {
    const text = encodeJson(withData(data))
    expect(decodeJson(text)).toStrictEqual(withData(data))
    expect(readJson(text)).toStrictEqual(withData(data))
  })

  test('an event without data stays without', () => {
    const none: CloudEvent<string, undefined> = { ...event, data: undefined }
    expect(encodeJson(none)).toBe(JSON.stringify(event))
    expect('data' in decodeJson(encodeJson(none))).toBe(false)
  })

  test('text of another media type stays text', () => {
    const xml = withData('<a/>', 'application/xml')
    expect(JSON.parse(encodeJson(xml))).toEqual(xml)
    expect(decodeJson(encodeJson(xml))).toStrictEqual(xml)
  })

  test('bytes become data_base64 with their media type', () => {
    expect(JSON.parse(encodeJson(withData(Buffer.from('AB'), 'image/png')))).toStrictEqual({
      ...event,
      datacontenttype: 'image/png',
      data_base64: 'QUI=',
    })
  })

  test('unknown extensions come back, bytes as base64', () => {
    const extended: CloudEvent = Object.assign({}, event, {
      data: 1,
      region: 'eu',
      count: -3,
      test: true,
      bytes: new Uint8Array([1, 2]),
    })
    const decoded = decodeJson(encodeJson(extended))
    expect(decoded).toStrictEqual({ ...extended, bytes: 'AQI=' })
    expect(extension(decoded, 'count')).toBe(-3)
  })

  test('an unset attribute of a foreign event is left out', () => {
    expect(decodeJson(JSON.stringify({ ...event, subject: null, data: null }))).toStrictEqual({
      ...event,
      data: null,
    })
  })

  test.each([
    ['a BigInt', 1n],
    ['a function', (): number => 1],
    ['a symbol', Symbol('x')],
    ['NaN', { total: Number.NaN }],
  ])('%s as data is refused', (_, data) => {
    expect(() => encodeJson(withData(data))).toThrow(/^event_invalid: .*\/data/)
  })

  test.each([
    ['null', 'event_invalid'],
    ['[]', 'event_invalid'],
    ['{}', 'event_invalid'],
    ['{', 'json_invalid'],
    ['{"__proto__":{}}', 'json_unsafe'],
    [JSON.stringify({ ...event, data_base64: '?' }), 'event_invalid'],
  ])('%s is refused with %s', (text, code) => {
    expect(() => decodeJson(text)).toThrow(code)
  })

  test('data may nest as deep as what is around it allows', () => {
    const data: unknown = JSON.parse('['.repeat(limits.jsonDepth - 1) + ']'.repeat(limits.jsonDepth - 1))
    expect(decodeJson(encodeJson(withData(data)))).toStrictEqual(withData(data))
    expect(() => encodeJson(withData([data]))).toThrow('json_too_deep')
  })
})

describe('a batch', () => {
  const events = [withData(1), withData(new Uint8Array([1])), withData('x', 'text/plain')]

  test('comes back, also an empty one', () => {
    expect(decodeJsonBatch(encodeJsonBatch(events))).toStrictEqual(events)
    expect(decodeJsonBatch(encodeJsonBatch([]))).toEqual([])
  })

  test('is refused with the index of the event that is wrong', () => {
    try {
      decodeJsonBatch(JSON.stringify([event, { ...event, id: '' }]))
      expect.unreachable()
    } catch (error) {
      if (!isTidingsError(error, 'event_invalid')) throw error
      expect(error.details.issues.map(({ path }) => path)).toEqual(['/1/id'])
    }
    expect(() => decodeJsonBatch(JSON.stringify(event))).toThrow('must be an array')
  })

  test('is bounded in count, in bytes and in the bytes of each event', () => {
    const many = JSON.stringify(Array.from({ length: limits.publishBatch + 1 }, () => 0))
    expect(() => decodeJsonBatch(many)).toThrow('limit_exceeded')
    expect(() => encodeJsonBatch(Array.from({ length: limits.publishBatch + 1 }, () => withData(1)))).toThrow(
      'limit_exceeded',
    )
    const large = withData('x'.repeat(limits.eventBytes - 200))
    expect(decodeJsonBatch(encodeJsonBatch([large, large]))).toHaveLength(2)
    expect(() => encodeJsonBatch(Array.from({ length: 17 }, () => large))).toThrow('event_too_large')
    expect(() => decodeJsonBatch(JSON.stringify([withData('x'.repeat(limits.eventBytes))]))).toThrow(
      'event_too_large',
    )
  })
})
