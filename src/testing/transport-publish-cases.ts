import { deepStrictEqual, equal, ok, rejects } from 'node:assert/strict'
import { decodeEvent } from '../event/index.ts'
import { type ErrorCode, isTidingsError } from '../kernel/index.ts'
import type { ContractCases } from './contract.ts'
import {
  createOrders,
  eventOf,
  eventually,
  outgoing,
  publish,
  stored,
  storedIds,
  type TransportContext,
  topic,
} from './transport-context.ts'

const nowhere = { tx: undefined }
const coded =
  (...codes: readonly ErrorCode[]) =>
  (error: unknown): boolean =>
    isTidingsError(error) && codes.includes(error.code)

/** What every Transport promises of topics and of publishing. */
export const publishCases: ContractCases<TransportContext> = {
  'keeps the partition count that a topic was created with': async (context) => {
    await createOrders(context, 2)
    const again = { name: topic, partitions: 7, retention: { ageMs: 60_000, bytes: undefined } }
    deepStrictEqual(await context.admin.createTopic(again), { ...again, partitions: 2 })
    const [created] = await context.admin.topics()
    deepStrictEqual([created?.name, created?.partitions, created?.bounds.length], [topic, 2, 2])
  },

  'keeps an event as it was published': async (context) => {
    await createOrders(context)
    const data = { text: 'é \u{1F4E6} "\\', list: [1, null] }
    // Without it, an engine with a binary mode has to add what it is.
    const datacontenttype = 'application/json'
    const event = { ...eventOf('1', data), subject: 'orders/1', datacontenttype }
    await context.transport.publish([outgoing('1', { event })], nowhere)
    const [first] = await stored(context)
    ok(first)
    deepStrictEqual(decodeEvent(first.encoded), event)
    deepStrictEqual([first.topic, first.partition], [topic, 0])
  },

  'puts each record in the partition it names': async (context) => {
    await createOrders(context)
    await context.transport.publish([outgoing('a'), outgoing('b', { partition: 1 }), outgoing('c')], nowhere)
    deepStrictEqual((await storedIds(context, 0)).toSorted(), ['a', 'c'])
    deepStrictEqual(await storedIds(context, 1), ['b'])
  },

  'refuses a topic or partition that is not there, and stores nothing of the call': async (context) => {
    const missing = coded('topic_missing', 'partition_missing')
    await rejects(context.transport.publish([outgoing('a')], nowhere), missing)
    await createOrders(context, 1)
    const half = [outgoing('lost'), outgoing('lost', { partition: 1 })]
    await rejects(context.transport.publish(half, nowhere), missing)
    await publish(context, ['kept'])
    deepStrictEqual(await storedIds(context), ['kept'])
  },

  'refuses an event that is larger than it can keep': async (context) => {
    await createOrders(context)
    const { maxBytes } = context.transport.capabilities
    const event = eventOf('large', 'x'.repeat(maxBytes))
    await rejects(
      async () => context.transport.publish([outgoing('large', { event })], nowhere),
      coded('event_too_large'),
    )
    deepStrictEqual(await storedIds(context), [])
  },

  'refuses a transaction that is not of its kind': async (context) => {
    await createOrders(context)
    await rejects(
      async () => context.transport.publish([outgoing('a')], { tx: { mine: true } }),
      coded('capability_missing', 'transaction_invalid'),
    )
    deepStrictEqual(await storedIds(context), [])
  },

  'tells a watcher that something was appended, until that stops': async (context) => {
    await createOrders(context)
    let told = 0
    const stop = context.admin.watch(() => (told += 1))
    await publish(context, ['a'])
    await eventually(context, 'a watcher is told', () => told > 0)
    stop()
    const before = told
    await publish(context, ['b'])
    await context.clock.advance(1_000)
    equal(told, before)
  },

  'settles what is being published when it is closed, as often as that is': async (context) => {
    await createOrders(context)
    const ids = Array.from({ length: 50 }, (_, number) => String(number))
    const publishing = Promise.allSettled(ids.map((id) => context.transport.publish([outgoing(id)], nowhere)))
    const closing = Promise.all([context.transport.close(), context.transport.close()])
    await context.clock.advance(1_000)
    await closing
    const refused = (await publishing).flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    ok(refused.every((error) => isTidingsError(error)))
  },
}

/** Of an engine with `order: 'partition'`. */
export const orderCases: ContractCases<TransportContext> = {
  'keeps the order of the records of a call': async (context) => {
    await createOrders(context)
    const ids = Array.from({ length: 200 }, (_, number) => String(number))
    await context.transport.publish(
      ids.map((id) => outgoing(id)),
      nowhere,
    )
    deepStrictEqual(await storedIds(context), ids)
  },

  'keeps the order of calls made one after the other, without awaiting': async (context) => {
    await createOrders(context)
    const ids = Array.from({ length: 100 }, (_, number) => String(number))
    await Promise.all(ids.map((id) => context.transport.publish([outgoing(id)], nowhere)))
    deepStrictEqual(await storedIds(context), ids)
  },
}

/** Of an engine with `delay`. */
export const delayCases: ContractCases<TransportContext> = {
  'appends an event that is published for later when it is due, not before': async (context) => {
    await createOrders(context)
    const notBefore = context.clock.now() + 5_000
    await context.transport.publish([outgoing('later', { notBefore }), outgoing('now')], nowhere)
    await context.clock.advance(3_000)
    deepStrictEqual(await storedIds(context), ['now'])
    await eventually(context, 'the event is appended', async () => (await storedIds(context)).length === 2)
    const [, later] = await context.admin.read(topic, 0, 0, { maxRecords: 2, maxBytes: 1_000 })
    ok(later !== undefined && later.appendedAt >= notBefore)
  },
}
