import { HTTP, Kafka, CloudEvent as SdkEvent } from 'cloudevents'
import { describe, expect, test } from 'vitest'
import {
  type CloudEvent,
  decodeHttp,
  decodeJson,
  decodeKafka,
  encodeHttp,
  encodeJson,
  encodeKafka,
  eventIssues,
} from './index.ts'

// The CloudEvents SDK, for what it does right: it neither validates what it reads nor encodes headers.
const event = {
  specversion: '1.0',
  id: '1',
  source: '/orders',
  type: 'order.created',
  subject: 'orders/1',
  time: '2026-01-31T12:00:00.000Z',
  datacontenttype: 'application/json',
  region: 'eu',
  data: { total: 2, items: ['a'] },
} as const
const ours: CloudEvent = event

describe.each(['binary', 'structured'] as const)('%s mode', (mode) => {
  test('we read what the SDK sends over HTTP', () => {
    const { headers, body } = HTTP[mode](new SdkEvent(event))
    expect(decodeHttp({ headers, body: String(body) })).toEqual([event])
  })

  test('the SDK reads what we send over HTTP', () => {
    const { headers, body } = encodeHttp(ours, { mode })
    const received = HTTP.toEvent({ headers: { ...headers }, body: Buffer.from(body ?? '').toString() })
    expect(JSON.parse(JSON.stringify(received))).toEqual(event)
  })

  test('the SDK reads what we send over Kafka', () => {
    const { headers, value } = encodeKafka(ours, { mode })
    const received = Kafka.toEvent({
      headers: { ...headers },
      value: Buffer.from(value ?? []).toString(),
      body: '',
    } as never)
    expect(JSON.parse(JSON.stringify(received))).toMatchObject({ ...event, data: expect.anything() })
  })
})

test('we read what the SDK sends over Kafka in structured mode', () => {
  const { headers, value } = Kafka.structured(new SdkEvent(event)) as {
    headers: Record<string, string>
    value: string
  }
  expect(decodeKafka({ headers, value })).toEqual(event)
})

test('an event of the SDK is valid here, and ours there', () => {
  const theirs: unknown = JSON.parse(JSON.stringify(new SdkEvent(event)))
  expect(eventIssues(theirs)).toEqual([])
  expect(decodeJson(JSON.stringify(theirs))).toEqual(event)
  const received: object = JSON.parse(encodeJson(ours))
  expect(new SdkEvent(received).validate()).toBe(true)
})

test('bytes in base64 are read from the SDK', () => {
  const { data: _, ...attributes } = event
  const sent = new SdkEvent({ ...attributes, datacontenttype: 'image/png', data_base64: 'AQI=' })
  expect(decodeJson(JSON.stringify(sent)).data).toStrictEqual(new Uint8Array([1, 2]))
})
