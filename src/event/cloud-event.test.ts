import { expect, expectTypeOf, test } from 'vitest'
import { type CloudEvent, eventKey, extension, partitionKeyOf, sameEvent } from './index.ts'

const event: CloudEvent<'order.created', { total: number }> = {
  specversion: '1.0',
  id: '1',
  source: '/orders',
  type: 'order.created',
  data: { total: 2 },
}

test('type and data are typed, and a mistyped attribute does not compile', () => {
  expectTypeOf(event.type).toEqualTypeOf<'order.created'>()
  expectTypeOf(event.data.total).toEqualTypeOf<number>()
  expectTypeOf(event).toExtend<CloudEvent>()
  // @ts-expect-error the attribute is called subject
  expect(event.subjet).toBeUndefined()
})

test('events are the same when source and id are', () => {
  expect(sameEvent(event, { source: '/orders', id: '1' })).toBe(true)
  expect(sameEvent(event, { source: '/orders', id: '2' })).toBe(false)
  expect(sameEvent(event, { source: '/carts', id: '1' })).toBe(false)
})

test('the key of an event is different for every identity', () => {
  expect(eventKey(event)).toBe('/orders 1')
  expect(eventKey({ source: '/a', id: 'b c' })).not.toBe(eventKey({ source: '/a%20b', id: 'c' }))
})

test('the partition key is partitionkey, else subject, else none', () => {
  expect(partitionKeyOf({ ...event, partitionkey: 'p', subject: 's' })).toBe('p')
  expect(partitionKeyOf({ ...event, subject: 's' })).toBe('s')
  expect(partitionKeyOf(event)).toBeUndefined()
})

test('extensions are read by name, and nothing else is', () => {
  const extended: CloudEvent = Object.assign({}, event, { region: 'eu', retries: 3, test: false })
  expect(extension(extended, 'region')).toBe('eu')
  expect(extension(extended, 'retries')).toBe(3)
  expect(extension(extended, 'test')).toBe(false)
  expect(extension(extended, 'missing')).toBeUndefined()
  expect(extension(extended, 'toString')).toBeUndefined()
  expect(extension({ ...event, data: 'text' }, 'data')).toBeUndefined()
})
