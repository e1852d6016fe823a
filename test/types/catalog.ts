/** The catalog as the compiler sees it: what compiles, what does not, and how handlers narrow. */
import * as z from 'zod'
import {
  type Catalog,
  defineCatalog,
  defineEvent,
  defineTopic,
  type EventDefinition,
  type EventOf,
  type EventSelector,
  type NewEvent,
  type NotInTheCatalog,
  type Opened,
  type SelectedOf,
  type Topic,
  type TypesOf,
  type VersionedEvent,
} from '../../src/catalog/index.ts'
import type { CloudEvent } from '../../src/event/index.ts'
import { jsonSchema } from '../../src/schema/index.ts'
import type { Equal, Expect } from './expect.ts'

const CreatedV1 = z.object({ orderId: z.string() })
const CreatedV2 = z.object({ orderId: z.string(), currency: z.enum(['USD', 'EUR']) })
const CreatedV3 = z.object({ orderId: z.string(), currency: z.enum(['USD', 'EUR']), userId: z.string() })
declare function ownerOf(orderId: string): Promise<string>

export const orderCreated = defineEvent('com.example.orders.created')
  .version(1, CreatedV1)
  .version(2, CreatedV2, (v1) => ({ ...v1, currency: 'USD' }))
  .version(3, CreatedV3, async (v2) => ({ ...v2, userId: await ownerOf(v2.orderId) }))
  .subject((data) => `orders/${data.orderId}/${data.userId}`)
export const orderConfirmed = defineEvent('com.example.orders.confirmed')
  .version(1, jsonSchema<{ paidCents: number }>({}))
  .version(2, jsonSchema<{ paid: string }>({}), ({ paidCents }) => ({ paid: String(paidCents) }))
export const orders = defineTopic('orders', {
  partitions: 8,
  retention: { age: '30d' },
  events: [orderCreated, orderConfirmed],
})
export const catalog = defineCatalog([orders])

type V3 = z.input<typeof CreatedV3>

export type WhatIsSelected = [
  Expect<Equal<SelectedOf<typeof orderCreated>, VersionedEvent<'com.example.orders.created', V3, 3>>>,
  Expect<Equal<EventOf<typeof orderCreated>, CloudEvent<'com.example.orders.created', V3>>>,
  Expect<Equal<SelectedOf<(typeof orderConfirmed)['versions']>['version'], 1 | 2>>,
  Expect<Equal<(typeof orders)['name'], 'orders'>>,
  Expect<
    Equal<EventOf<typeof orders>['type'], 'com.example.orders.created' | 'com.example.orders.confirmed'>
  >,
  Expect<Equal<TypesOf<typeof catalog>, 'com.example.orders.created' | 'com.example.orders.confirmed'>>,
  Expect<Equal<TypesOf<Catalog>, string>>,
  Expect<Equal<(typeof orderCreated)['newestVersion'], 3>>,
  Expect<Equal<ReturnType<typeof orderCreated.create>, NewEvent<'com.example.orders.created', V3>>>,
]

/** As the group of a bus has it. */
declare function on<Selected extends VersionedEvent>(
  selector: EventSelector<Selected> & Opened<Selected['event']['type'], TypesOf<typeof catalog>>,
  handler: (delivery: Selected & { readonly attempt: number }) => unknown,
): void

on(orderCreated, ({ event, version, attempt }) => {
  const newest: 3 = version
  return [event.data.userId, newest, attempt]
})
on(orderConfirmed.versions, ({ version, event }) => {
  if (version === 1) return event.data.paidCents.toFixed()
  return event.data.paid.toUpperCase()
})
on(orders, ({ event }) => {
  if (event.type === 'com.example.orders.confirmed') return event.data.paid
  return event.data.currency
})

/** As the publisher of a bus has it. */
declare function publish<Type extends string, Data>(
  definition: EventDefinition<Type, Data> & Opened<Type, TypesOf<typeof catalog>>,
  data: NoInfer<Data>,
): void

publish(orderConfirmed, { paid: '1.00' })
// @ts-expect-error the data of version 1
publish(orderConfirmed, { paidCents: 100 })
// @ts-expect-error a number where a string is due
publish(orderCreated, { orderId: 7, currency: 'EUR', userId: 'u' })
// @ts-expect-error a property that is not there
publish(orderConfirmed, { paid: '1.00', colour: 'red' })

const other = defineEvent('com.example.other').version(1, CreatedV1)
// @ts-expect-error not on a topic of the catalog
publish(other, { orderId: 'o' })
// @ts-expect-error not on a topic of the catalog
on(other, () => undefined)
export type Refused = [
  Expect<Equal<Opened<'com.example.other', TypesOf<typeof catalog>>, NotInTheCatalog<'com.example.other'>>>,
  // oxlint-disable-next-line typescript/no-explicit-any -- what a bus of any catalog carries
  Expect<Equal<Opened<'com.example.other', any>, unknown>>,
]

/** A builder is a definition; the first number may be any, so that old versions can go. */
export const late = defineEvent('late')
  .version(4, CreatedV1)
  .version(5, CreatedV2, (v4) => ({ ...v4, currency: 'EUR' }))
late.create({ orderId: 'o', currency: 'EUR' }, { subject: 'orders/o', correlationid: undefined })
// @ts-expect-error no such attribute
late.create({ orderId: 'o', currency: 'EUR' }, { subjekt: 'orders/o' })

const first = defineEvent('first').version(1, CreatedV1)
// @ts-expect-error version 2 comes after 1
first.version(3, CreatedV2, (v1) => ({ ...v1, currency: 'USD' }))
// @ts-expect-error a later version needs an upcaster
first.version(2, CreatedV2)
// @ts-expect-error the upcaster leaves the currency out
first.version(2, CreatedV2, (v1) => v1)
// @ts-expect-error GBP is not in the schema
first.version(2, CreatedV2, (v1) => ({ ...v1, currency: 'GBP' }))
// @ts-expect-error there is no orderID
first.subject((data) => data.orderID)
// @ts-expect-error an event without a version is none
defineTopic('none', { events: [defineEvent('none')] })

/** With its types written out, as isolatedDeclarations asks for. */
interface V1 {
  at: string
}
interface V2 {
  at: string
  by: string
}
export const declared: EventDefinition<'declared', V2, { 1: V1; 2: V2 }> = defineEvent('declared')
  .version(1, jsonSchema<V1>({}))
  .version(2, jsonSchema<V2>({}), (v1) => ({ ...v1, by: 'nobody' }))
export const declaredTopic: Topic<'t', SelectedOf<typeof declared>> = defineTopic('t', { events: [declared] })
// @ts-expect-error not its data
export const wrong: EventDefinition<'declared', V1, { 1: V1; 2: V1 }> = declared
