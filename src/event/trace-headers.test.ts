import { describe, expect, test } from 'vitest'
import { decodeAmqp, encodeAmqp } from './amqp.ts'
import type { CloudEvent } from './cloud-event.ts'
import { decodeKafka, encodeKafka } from './kafka.ts'

const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
const context = { traceparent, tracestate: 'vendor=1' }
const event: CloudEvent = {
  specversion: '1.0',
  id: '7',
  source: '/orders',
  type: 'placed',
  datacontenttype: 'application/json',
  data: {},
}

const throughKafka = (headers: Readonly<Record<string, string | Uint8Array>>): CloudEvent =>
  decodeKafka({ ...encodeKafka(event, { mode: 'binary' }), headers: { ...kafkaHeaders, ...headers } })
const throughAmqp = (headers: Readonly<Record<string, unknown>>): CloudEvent => {
  const message = encodeAmqp(event, { mode: 'binary' })
  return decodeAmqp({ ...message, headers: { ...message.headers, ...headers } })
}
const { headers: kafkaHeaders } = encodeKafka(event, { mode: 'binary' })

describe('The trace context of an event', () => {
  test.each(['binary', 'structured'] as const)('stands in the headers of its %s message, too', (mode) => {
    expect(encodeKafka({ ...event, ...context }, { mode }).headers).toMatchObject(context)
    expect(encodeAmqp({ ...event, ...context }, { mode }).headers).toMatchObject(context)
  })

  test('is that of the message where the event has none', () => {
    expect(throughKafka(context)).toEqual({ ...event, ...context })
    expect(throughKafka({ traceparent: Buffer.from(traceparent) })).toEqual({ ...event, traceparent })
    expect(throughAmqp(context)).toEqual({ ...event, ...context })
  })

  test('is that of the event where both have one', () => {
    const own = { ce_traceparent: traceparent.replace('01', '00') }
    expect(throughKafka({ ...own, traceparent })).toEqual({ ...event, traceparent: own.ce_traceparent })
    expect(throughAmqp({ 'cloudEvents:traceparent': own.ce_traceparent, traceparent })).toEqual({
      ...event,
      traceparent: own.ce_traceparent,
    })
  })

  test.each([
    ['garbage', 'garbage'],
    ['100 KB', 'x'.repeat(100_000)],
  ])('is none where the message has %s', (_what, text) => {
    expect(throughKafka({ traceparent: text, tracestate: text })).toEqual(event)
    expect(throughAmqp({ traceparent: text, tracestate: text })).toEqual(event)
    expect(throughAmqp({ traceparent: 7 })).toEqual(event)
    expect(throughKafka({ traceparent, tracestate: text })).toEqual({ ...event, traceparent })
  })
})
