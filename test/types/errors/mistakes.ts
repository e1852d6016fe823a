/** Mistakes on purpose, each with its name above: `test/types.test.ts` reads what the compiler prints for them. */
import { Schema as EffectSchema } from 'effect'
import * as v from 'valibot'
import * as z from 'zod'
import { type Bus, openBus } from '../../../src/bus/index.ts'
import {
  defineCatalog,
  defineEvent,
  defineTopic,
  type EventDefinition,
  type EventSelector,
  type Opened,
  type TypesOf,
  type VersionedEvent,
} from '../../../src/catalog/index.ts'
import type { KafkaCapabilities } from '../../../src/kafka/index.ts'
import type { Capabilities } from '../../../src/log/index.ts'
import { memory } from '../../../src/memory/index.ts'
import type { PostgresCapabilities } from '../../../src/postgres/index.ts'
import { defineStream } from '../../../src/streams/index.ts'

const V1 = z.object({ orderId: z.string() })
const V2 = z.object({ orderId: z.string(), currency: z.enum(['USD', 'EUR']) })
const created = defineEvent('com.example.orders.created').version(1, V1)
const catalog = defineCatalog([defineTopic('orders', { events: [created] })])
const other = defineEvent('com.example.other').version(1, V1)
const owned = created.version(2, V1, async (v1) => v1)
declare function publish<Type extends string, Data>(
  definition: EventDefinition<Type, Data> & Opened<Type, TypesOf<typeof catalog>>,
  data: NoInfer<Data>,
): void
declare function on<Selected extends VersionedEvent>(
  selector: EventSelector<Selected> & Opened<Selected['event']['type'], TypesOf<typeof catalog>>,
  handler: (delivery: Selected) => unknown,
): void

// skipped version
created.version(3, V2, (v1) => ({ ...v1, currency: 'USD' }))
// no upcaster
created.version(2, V2)
// upcaster leaves a property out
created.version(2, V2, (v1) => v1)
// upcaster returns a wrong value
created.version(2, V2, (v1) => ({ ...v1, currency: 'GBP' }))
// typing error in subject
created.subject((data) => data.orderID)
// Valibot without its wrapper
other.version(2, v.object({ orderId: v.string() }), (v1) => v1)
// Effect without its wrapper
other.version(2, EffectSchema.Struct({ orderId: EffectSchema.String }), (v1) => v1)
// no schema
defineEvent('none').version(1, 'schema.json')
// wrong data
publish(created, { orderId: 7 })
// typing error in data
publish(created, { orderID: 'o' })
// missing data
created.create({})
// publish outside the catalog
publish(other, { orderId: 'o' })
// handler outside the catalog
on(other, () => undefined)
// event without a version
defineTopic('none', { events: [defineEvent('none')] })
// asynchronous upcaster in a stream
defineStream('order', { events: [owned] })

interface Queue extends Capabilities {
  readonly replay: { readonly start: false; readonly time: false; readonly offset: false }
  readonly hold: false
}
declare const onKafka: Bus<KafkaCapabilities, 'com.example.orders.created'>
declare const onPostgres: Bus<PostgresCapabilities, 'com.example.orders.created'>
declare const onQueue: Bus<Queue, 'com.example.orders.created'>

// delay on Kafka
void onKafka.publishAll([], { notBefore: '2026-01-01T00:00:00Z' })
// transaction on PostgreSQL
onPostgres.publish(created, { orderId: 'o' }, { tx: {} })
// outbox without a store on PostgreSQL
onPostgres.outbox()
// durability in memory
void openBus({ transport: memory(), source: '/a', catalog, durability: 'required' })
// hold on a queue
onQueue.group('a', { afterDeadLetter: 'hold' })
// replay on a queue
onQueue.group('a', { start: 'start' })
// seek on a queue
void onQueue.admin.seek('a', 'orders', { time: '2026-01-01T00:00:00Z' })
// read on a queue
void onQueue.admin.read('orders', 0, 0, { maxRecords: 1, maxBytes: 1 })
