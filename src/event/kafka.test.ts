import { describe, expect, test } from 'vitest'
import { type CloudEvent, decodeKafka, encodeKafka } from './index.ts'

const event: CloudEvent = {
  specversion: '1.0',
  id: '1',
  source: '/orders',
  type: 'order.created',
  data: { a: 1 },
}
const headers = { ce_specversion: '1.0', ce_id: '1', ce_source: '/orders', ce_type: 'order.created' }
const decoded = { ...event, datacontenttype: 'application/json' }
const value = Buffer.from('{"a":1}')

describe('binary mode', () => {
  test('headers are UTF-8 without percent-encoding, the value is the data', () => {
    const message = encodeKafka({ ...event, subject: 'Euro € 100%' }, { mode: 'binary' })
    expect(message.headers).toEqual({
      ...headers,
      'content-type': 'application/json',
      ce_subject: 'Euro € 100%',
    })
    expect(Buffer.from(message.value ?? []).toString()).toBe('{"a":1}')
    expect(decodeKafka(message)).toStrictEqual({ ...decoded, subject: 'Euro € 100%' })
  })

  test('headers are read as text, as buffers and from maps', () => {
    const entries = Object.entries({ ...headers, 'content-type': 'application/json' })
    const buffers = entries.map(([name, text]): [string, Buffer] => [name, Buffer.from(text)])
    const binaryNames = buffers.map(([name, text]): [Buffer, Buffer] => [Buffer.from(name), text])
    for (const read of [
      Object.fromEntries(entries),
      Object.fromEntries(buffers),
      new Map(entries),
      new Map(binaryNames),
    ]) {
      expect(decodeKafka({ headers: read, value })).toStrictEqual(decoded)
    }
  })

  test('headers of others are left alone, whatever bytes they hold', () => {
    const notText = Buffer.from([0xff])
    const entries = Object.entries({ ...headers, 'content-type': 'application/json' })
    const mixed = new Map<string | Buffer, string | Buffer>([
      ...entries,
      [notText, notText],
      ['other', notText],
    ])
    expect(decodeKafka({ headers: mixed, value })).toStrictEqual(decoded)
  })

  test('an event without data has the value null', () => {
    const none: CloudEvent<string, undefined> = { ...event, data: undefined }
    const message = encodeKafka(none, { mode: 'binary' })
    expect(message.value).toBeNull()
    expect(decodeKafka(message)).not.toHaveProperty('data')
  })

  test.each([
    ['ce_datacontenttype', { ...headers, ce_datacontenttype: 'text/plain' }],
    ['bytes that are not UTF-8', { ...headers, ce_subject: Buffer.from([0xff]) }],
    ['a header of several values', { ...headers, ce_id: ['1', '2'] }],
    ['a batch', { 'content-type': 'application/cloudevents-batch+json' }],
    ['no attributes', {}],
  ])('%s is refused', (_, refused) => {
    expect(() => decodeKafka({ headers: refused, value: '[]' })).toThrow('event_invalid')
  })
})

describe('structured mode', () => {
  test('the value is the event', () => {
    const message = encodeKafka(event, { mode: 'structured' })
    expect(message.headers).toEqual({ 'content-type': 'application/cloudevents+json' })
    expect(decodeKafka(message)).toStrictEqual(event)
  })

  test('a message without value is refused', () => {
    const structured = { 'content-type': 'application/cloudevents+json' }
    expect(() => decodeKafka({ headers: structured, value: null })).toThrow('event_invalid')
  })
})

test('the key is the partition key, which stays in the event', () => {
  const keyed = { ...event, partitionkey: 'k', subject: 's' }
  for (const mode of ['binary', 'structured'] as const) {
    const message = encodeKafka(keyed, { mode })
    expect(message.key).toBe('k')
    expect(decodeKafka(message)).toMatchObject({ partitionkey: 'k', subject: 's' })
    expect(encodeKafka({ ...event, subject: 's' }, { mode }).key).toBe('s')
    expect(encodeKafka(event, { mode })).not.toHaveProperty('key')
  }
})

test('an invalid event is not sent', () => {
  expect(() => encodeKafka({ ...event, type: '' }, { mode: 'binary' })).toThrow('event_invalid')
})
