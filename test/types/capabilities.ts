// What an engine known statically lacks does not compile; what it has does. A file for every engine's capabilities.
// oxlint-disable typescript/await-thenable -- what does not compile has no type to await
import { defineCatalog, defineEvent, defineTopic, openBus } from 'tidings'
import type { Bus, Engine, GroupOptions, PublishOptions } from 'tidings/bus'
import type { KafkaEngine } from 'tidings/kafka'
import type { Capabilities } from 'tidings/log'
import { memory } from 'tidings/memory'
import type { PostgresEngine } from 'tidings/postgres'
import type { RabbitmqEngine } from 'tidings/rabbitmq'
import { sqlite, sqliteOutbox } from 'tidings/sqlite'

const schema = { type: 'object', properties: { orderId: { type: 'string' } }, required: ['orderId'] } as const
const created = defineEvent('created').version(1, schema)
const catalog = defineCatalog([defineTopic('orders', { events: [created] })])
const data = { orderId: 'o-1' }
const later = { notBefore: new Date() }
const options = { source: '/a', catalog } as const
const everyStart = ['start', 'end', { time: '2026-01-01T00:00:00Z' }, { offset: 7 }] as const

// SQLite has everything.
const engine = await sqlite(':memory:')
const onSqlite = await openBus({ ...options, transport: engine, durability: 'required' })
await onSqlite.publish(created, data, later)
await onSqlite.publishAll([created.create(data)], later)
export const written: void = onSqlite.publish(created, data, { tx: engine.database, ...later })
onSqlite.outbox().publish(engine.database, created, data)
onSqlite.group('a', { afterDeadLetter: 'hold' })
for (const start of everyStart) onSqlite.group('a', { start })
await onSqlite.admin.seek('a', 'orders', { time: new Date() })

// Memory keeps nothing, and has no rows of a caller.
const inMemory = await openBus({ ...options, transport: memory() })
// @ts-expect-error -- nothing in memory is durable
await openBus({ ...options, transport: memory(), durability: 'required' })
// @ts-expect-error -- it takes no transaction
inMemory.publish(created, data, { tx: engine.database })
// @ts-expect-error -- nor without a store
inMemory.outbox()
await inMemory.publish(created, data, later)
inMemory.group('a', { afterDeadLetter: 'hold' })
for (const start of everyStart) inMemory.group('a', { start })

// PostgreSQL: a caller's transaction needs an outbox.
declare const postgresEngine: PostgresEngine
const onPostgres = await openBus({ ...options, transport: postgresEngine, durability: 'required' })
// @ts-expect-error -- an append to the log takes no transaction of the caller
onPostgres.publish(created, data, { tx: {} })
// @ts-expect-error -- nor without a store
onPostgres.outbox()
await onPostgres.publish(created, data, later)
onPostgres.group('a', { afterDeadLetter: 'hold' })
for (const start of everyStart) onPostgres.group('a', { start })

// Kafka: no transaction of a caller, and nothing that waits.
declare const kafkaEngine: KafkaEngine
const onKafka = await openBus({ ...options, transport: kafkaEngine, durability: 'required' })
// @ts-expect-error -- Kafka takes no transaction
onKafka.publish(created, data, { tx: {} })
// @ts-expect-error -- nor without a store
onKafka.outbox()
// @ts-expect-error -- Kafka delays nothing
await onKafka.publish(created, data, later)
// @ts-expect-error -- nor in a batch
await onKafka.publishAll([created.create(data)], later)
await onKafka.publish(created, data, { causedBy: undefined, subject: 'o-1' })
// @ts-expect-error -- nor through an outbox
onKafka.outbox(sqliteOutbox(':memory:')).publish(engine.database, created, data, later)
// @ts-expect-error -- nor in a batch there
onKafka.outbox(sqliteOutbox(':memory:')).add(engine.database, [created.create(data)], later)
onKafka.outbox(sqliteOutbox(':memory:')).publish(engine.database, created, data, { subject: 'o-1' })
onPostgres.outbox(sqliteOutbox(':memory:')).publish(engine.database, created, data, later)
onKafka.group('a', { afterDeadLetter: 'hold' })
for (const start of everyStart) onKafka.group('a', { start })
await onKafka.admin.read('orders', 0, 0, { maxRecords: 1, maxBytes: 1 })

// RabbitMQ: a queue, which has only what is not acknowledged yet.
declare const rabbitmqEngine: RabbitmqEngine
const onRabbitmq = await openBus({ ...options, transport: rabbitmqEngine, durability: 'required' })
// @ts-expect-error -- RabbitMQ takes no transaction
onRabbitmq.publish(created, data, { tx: {} })
// @ts-expect-error -- nor without a store
onRabbitmq.outbox()
// @ts-expect-error -- RabbitMQ delays nothing
await onRabbitmq.publish(created, data, later)
onRabbitmq.group('a', { start: 'end', afterDeadLetter: 'continue' })
await onRabbitmq.admin.seek('a', 'orders', 'end')
// @ts-expect-error -- nothing is there from the start
onRabbitmq.group('a', { start: 'start' })
// @ts-expect-error -- nor from a time
onRabbitmq.group('a', { start: { time: '2026-01-01T00:00:00Z' } })
// @ts-expect-error -- nor at an offset
await onRabbitmq.admin.seek('a', 'orders', { offset: 1 })
// @ts-expect-error -- nor to be read
await onRabbitmq.admin.read('orders', 0, 0, { maxRecords: 1, maxBytes: 1 })
// @ts-expect-error -- nor to be deleted
await onRabbitmq.admin.truncate('orders', 0, 1)
// @ts-expect-error -- and it holds no key back
onRabbitmq.group('a', { afterDeadLetter: 'hold' })

// A queue: nothing to read again, and nothing that holds.
interface Queue extends Capabilities {
  readonly name: 'queue'
  readonly replay: { readonly start: false; readonly time: false; readonly offset: false }
  readonly hold: false
}
declare const onQueue: Bus<Queue, 'created'>
onQueue.group('a', { start: 'end', afterDeadLetter: 'continue' })
// @ts-expect-error -- nothing to replay
onQueue.group('a', { start: 'start' })
// @ts-expect-error -- nor from a time
onQueue.group('a', { start: { time: '2026-01-01T00:00:00Z' } })
// @ts-expect-error -- nor from an offset
await onQueue.admin.seek('a', 'orders', { offset: 1 })
// @ts-expect-error -- it cannot hold a key back
onQueue.group('a', { afterDeadLetter: 'hold' })

// An engine chosen at run time takes everything; what it lacks is an error then.
declare const anyEngine: Engine
const onAny = await openBus({ ...options, transport: anyEngine, durability: 'required' })
for (const start of everyStart) onAny.group('a', { start, afterDeadLetter: 'hold' }).on(created, () => 1)
await onAny.publish(created, data, later)
onAny.outbox(sqliteOutbox(':memory:')).publish(engine.database, created, data, later)
await onAny.admin.read('orders', 0, 0, { maxRecords: 1, maxBytes: 1 })
await onAny.admin.truncate('orders', 0, 1)
await onAny.admin.seek('a', 'orders', { time: new Date() })

// Options that are kept in a variable, of no engine in particular, suit each engine that has it all.
export const kept: readonly [GroupOptions, PublishOptions] = [{ afterDeadLetter: 'hold' }, later]
onSqlite.group('a', kept[0])
await onSqlite.publish(created, data, kept[1])
