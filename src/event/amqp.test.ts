import { describe, expect, test } from 'vitest'
import { type CloudEvent, decodeAmqp, encodeAmqp } from './index.ts'

const event: CloudEvent = {
  specversion: '1.0',
  id: '1',
  source: '/orders',
  type: 'order.created',
  data: { a: 1 },
}
const headers = {
  'cloudEvents:specversion': '1.0',
  'cloudEvents:id': '1',
  'cloudEvents:source': '/orders',
  'cloudEvents:type': 'order.created',
}
const contentType = 'application/json'
const content = Buffer.from('{"a":1}')
const decoded = { ...event, datacontenttype: contentType }

describe('binary mode', () => {
  test('attributes are headers, the media type and the id properties, the content is the data', () => {
    const message = encodeAmqp({ ...event, subject: 'Euro € 100%' }, { mode: 'binary' })
    expect({ ...message, content: Buffer.from(message.content).toString() }).toEqual({
      contentType,
      messageId: '1',
      headers: { ...headers, 'cloudEvents:subject': 'Euro € 100%' },
      content: '{"a":1}',
    })
    expect(decodeAmqp(message)).toStrictEqual({ ...decoded, subject: 'Euro € 100%' })
  })

  test('the prefix with an underscore is read, too', () => {
    const renamed = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.replace(':', '_'), value]),
    )
    expect(decodeAmqp({ contentType, headers: renamed, content })).toStrictEqual(decoded)
  })

  test('values may have the types of AMQP', () => {
    const typed = {
      ...headers,
      'cloudEvents:time': { '!': 'timestamp', value: 1_767_225_600 },
      'cloudEvents:count': 7,
      'cloudEvents:urgent': true,
      'cloudEvents:digest': Buffer.from([1, 2]),
      'cloudEvents:subject': null,
    }
    expect(decodeAmqp({ contentType, headers: typed, content })).toStrictEqual({
      ...decoded,
      time: '2026-01-01T00:00:00.000Z',
      count: '7',
      urgent: 'true',
      digest: 'AQI=',
    })
  })

  test('headers of others are left alone, whatever they hold', () => {
    const mixed = { ...headers, 'x-death': [{ count: 1 }], other: { '!': 'decimal' }, cloudEvents: 'no' }
    expect(decodeAmqp({ contentType, headers: mixed, content })).toStrictEqual(decoded)
  })

  test('an event without data has an empty content', () => {
    const none: CloudEvent<string, undefined> = { ...event, data: undefined }
    const message = encodeAmqp(none, { mode: 'binary' })
    expect(message.content).toHaveLength(0)
    expect(decodeAmqp(message)).not.toHaveProperty('data')
  })

  test('an id that does not fit into the property stays in its header', () => {
    const long = { ...decoded, id: 'é'.repeat(128) }
    const message = encodeAmqp(long, { mode: 'binary' })
    expect(message.messageId).toBeUndefined()
    expect(decodeAmqp(message)).toStrictEqual(long)
  })

  test.each([
    ['a header for the media type', { ...headers, 'cloudEvents:datacontenttype': 'text/plain' }],
    ['an attribute in both spellings', { ...headers, cloudEvents_id: '1' }],
    ['a name that no attribute has', { ...headers, 'cloudEvents:Name': 'x' }],
    ['a fraction', { ...headers, 'cloudEvents:count': 1.5 }],
    ['a list', { ...headers, 'cloudEvents:subject': ['a'] }],
    ['a time that there is not', { ...headers, 'cloudEvents:time': { '!': 'timestamp', value: 1e20 } }],
    ['no attributes', {}],
  ])('%s is refused', (_, refused) => {
    expect(() => decodeAmqp({ contentType, headers: refused, content })).toThrow('event_invalid')
  })

  test('a media type that does not fit into its property is not sent', () => {
    const datacontenttype = `application/json; a=${'b'.repeat(300)}`
    expect(() => encodeAmqp({ ...event, datacontenttype }, { mode: 'binary' })).toThrow('event_invalid')
    const message = encodeAmqp({ ...event, datacontenttype }, { mode: 'structured' })
    expect(decodeAmqp(message)).toStrictEqual({ ...event, datacontenttype })
  })
})

describe('structured mode', () => {
  test('the content is the event', () => {
    const message = encodeAmqp(event, { mode: 'structured' })
    expect([message.contentType, message.headers]).toEqual(['application/cloudevents+json', {}])
    expect(decodeAmqp(message)).toStrictEqual(event)
  })

  test('a batch and an empty content are refused', () => {
    for (const structured of ['application/cloudevents-batch+json', 'application/cloudevents+json'])
      expect(() => decodeAmqp({ contentType: structured, content: '' })).toThrow('event_invalid')
  })
})

test('an invalid event is not sent', () => {
  expect(() => encodeAmqp({ ...event, type: '' }, { mode: 'binary' })).toThrow('event_invalid')
})
