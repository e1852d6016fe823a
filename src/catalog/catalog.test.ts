import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { CloudEvent } from '../event/index.ts'
import { limits } from '../kernel/index.ts'
import { defineCatalog } from './catalog.ts'
import { defineEvent } from './define-event.ts'
import { defineTopic } from './topic.ts'

const schema = z.object({ orderId: z.string() })
const created = defineEvent('com.example.orders.created').version(1, schema)
const confirmed = defineEvent('com.example.orders.confirmed')
  .version(1, schema)
  .version(2, z.object({ id: z.string() }), ({ orderId }) => ({ id: orderId }))
const paid = defineEvent('com.example.payments.paid').version(1, schema)
const orders = defineTopic('orders', { events: [created, confirmed] })
const payments = defineTopic('payments', {
  events: [paid],
  partitions: 2,
  retention: { age: '30d', bytes: 1_000 },
})
const catalog = defineCatalog([orders, payments])

function event(type: string): CloudEvent {
  return { specversion: '1.0', id: 'id-1', source: '/orders', type, data: { orderId: '7' } }
}

describe('defineTopic', () => {
  it('has 8 partitions and keeps events for ever unless it is told otherwise', () => {
    expect([orders.partitions, orders.retention]).toEqual([limits.defaultPartitions, {}])
    expect([payments.partitions, payments.retention]).toEqual([2, { ageMs: 2_592_000_000, bytes: 1_000 }])
  })

  it('selects all its events, each in its newest version', () => {
    expect(orders.types).toEqual(['com.example.orders.created', 'com.example.orders.confirmed'])
    expect(orders.decode(event('com.example.orders.created'), 1)).toMatchObject({ version: 1 })
    expect(orders.decode(event('com.example.orders.confirmed'), 1)).toMatchObject({
      version: 2,
      event: { data: { id: '7' } },
    })
  })

  it('refuses an event that it does not have', () => {
    expect(() => orders.decode(event('com.example.payments.paid'), 1)).toThrow(
      'type_unknown: Topic orders has no event of type "com.example.payments.paid". It has com.example.orders.created and com.example.orders.confirmed.',
    )
  })

  it.each([0, 1.5, limits.partitionsPerTopic + 1])('refuses %d partitions', (partitions) => {
    expect(() => defineTopic('t', { events: [created], partitions })).toThrow(
      `option_invalid: The number of partitions of topic t cannot be ${partitions}. Use a whole number from 1 to 1024.`,
    )
  })

  it('refuses a bad name, age and size', () => {
    expect(() => defineTopic('no spaces', { events: [created] })).toThrow(
      /^name_invalid: A topic cannot be called/,
    )
    expect(() => defineTopic('t', { events: [created], retention: { age: '3y' as '3d' } })).toThrow(
      /^option_invalid/,
    )
    expect(() => defineTopic('t', { events: [created], retention: { bytes: 0 } })).toThrow(/^option_invalid/)
  })

  it('refuses to be empty, and an event twice', () => {
    expect(() => defineTopic('t', { events: [] })).toThrow(
      'catalog_invalid: Topic t has no events. Name at least one.',
    )
    expect(() => defineTopic('t', { events: [created, created] })).toThrow(
      'catalog_invalid: Topic t has com.example.orders.created twice. Leave one out.',
    )
  })
})

const untyped = (value: unknown): never => value as never

describe('What has the wrong shape, for whoever has no types', () => {
  it.each<[unknown, string]>([
    [
      { events: [created], partition: 4 },
      'option_invalid: defineTopic has no option "partition". Did you mean',
    ],
    [
      { events: [created], retention: '30d' },
      'option_invalid: The retention of topic o takes its options as',
    ],
    [
      { events: [created], retention: { days: 30 } },
      'The retention of topic o has no option "days". There are',
    ],
    [{ events: created }, 'option_invalid: The events of topic o are no list of event definitions.'],
    [
      { events: [defineEvent('a')] },
      'option_invalid: The events of topic o are no list of event definitions.',
    ],
    [undefined, 'option_invalid: defineTopic takes its options as an object, not undefined.'],
  ])('a topic: %j', (options, sentence) => {
    expect(() => defineTopic('o', untyped(options))).toThrow(sentence)
  })

  it.each([[[created]], [{ topics: [orders] }], [undefined]])('a catalog: %j', (topics) => {
    expect(() => defineCatalog(untyped(topics))).toThrow(
      'catalog_invalid: The catalog is not made of topics.',
    )
  })
})

describe('defineCatalog', () => {
  it('finds topic and definition of a type', () => {
    expect(catalog.topics).toEqual([orders, payments])
    expect(catalog.topicOf('com.example.payments.paid')).toBe(payments)
    expect(catalog.definitionOf('com.example.orders.confirmed')).toBe(confirmed)
  })

  it('says which type was probably meant', () => {
    expect(() => catalog.topicOf('com.example.order.created')).toThrow(
      'type_unknown: The catalog has no event of type "com.example.order.created". Did you mean com.example.orders.created?',
    )
    expect(() => catalog.definitionOf('nothing.alike')).toThrow(/ It has com\.example\.orders\.created, /)
  })

  it('refuses an event on two topics, and two topics of one name', () => {
    expect(() => defineCatalog([orders, defineTopic('more', { events: [created] })])).toThrow(
      'catalog_invalid: The catalog has com.example.orders.created on orders and on more. Keep it on one.',
    )
    expect(() => defineCatalog([orders, defineTopic('orders', { events: [paid] })])).toThrow(
      'catalog_invalid: The catalog has two topics called orders. Give one another name.',
    )
  })

  it('compiles every schema at once, and names the one that is broken', () => {
    expect(() => catalog.compile()).not.toThrow()
    const broken = defineEvent('com.example.broken').version(1, { type: 'strin' } as const)
    expect(() => defineCatalog([defineTopic('t', { events: [broken] })]).compile()).toThrow(
      /^schema_invalid: Version 1 of com\.example\.broken is not a JSON Schema of 2020-12/,
    )
  })
})
