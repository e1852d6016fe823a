import type { ConsumeMessage } from 'amqplib'
import { expect, test } from 'vitest'
import { decodeEvent, encodeAmqp } from '../event/index.ts'
import { eventOfMessage, identityOf } from './message-decoder.ts'

function message(content: string | Uint8Array, properties: object = {}): ConsumeMessage {
  const fields = { deliveryTag: 1, redelivered: false, exchange: 'orders', routingKey: '0', consumerTag: 'c' }
  // The client fills in every property that is not there with undefined; only some are read.
  return { content: Buffer.from(content), fields, properties } as unknown as ConsumeMessage
}

const foreign = { orders: { type: 'com.example.orders.placed', source: '/legacy' } }

const idOf = (text: string): string => decodeEvent(eventOfMessage('orders', message(text), foreign)).id

test('A CloudEvent is read in both modes, whatever is declared of others', () => {
  const event = { specversion: '1.0', id: '1', source: '/a', type: 't', data: { a: 1 } } as const
  for (const mode of ['binary', 'structured'] as const) {
    const { content, ...properties } = encodeAmqp(event, { mode })
    expect(decodeEvent(eventOfMessage('orders', message(content, properties), foreign))).toMatchObject(event)
  }
})

test('A message of others becomes an event of the declared type', () => {
  const properties = {
    messageId: 'm-1',
    correlationId: 'c-1',
    timestamp: 1_767_225_600,
    contentType: 'application/json',
  }
  const encoded = eventOfMessage('orders', message('{"orderId":"o-1"}', properties), foreign)
  expect(decodeEvent(encoded)).toEqual({
    specversion: '1.0',
    id: 'm-1',
    source: '/legacy',
    type: 'com.example.orders.placed',
    datacontenttype: 'application/json',
    time: '2026-01-01T00:00:00.000Z',
    correlationid: 'c-1',
    data: { orderId: 'o-1' },
  })
})

test('A message of others without an id has one of its content, the same each time', () => {
  expect(idOf('{"a":1}')).toBe(idOf('{"a":1}'))
  expect(idOf('{"a":1}')).not.toBe(idOf('{"a":2}'))
})

test('A message of others that nothing is declared of keeps its bytes, and is no event', () => {
  const encoded = eventOfMessage('carts', message('hello'), foreign)
  expect(encoded).toEqual({ attributes: {}, body: Buffer.from('hello') })
  expect(() => decodeEvent(encoded)).toThrow('event_invalid')
})

test('A message is known again by its id and content', () => {
  const one = message('a', { messageId: '1' })
  expect(identityOf(one)).toBe(identityOf(message('a', { messageId: '1' })))
  for (const other of [message('b', { messageId: '1' }), message('a', { messageId: '2' })])
    expect(identityOf(other)).not.toBe(identityOf(one))
})
