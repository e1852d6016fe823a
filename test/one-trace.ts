import { setTimeout } from 'node:timers/promises'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { expect } from 'vitest'
import { type CloudEvent, readTraceContext } from '../src/event/index.ts'
import type { Engine } from '../src/bus/index.ts'
import { constant, defineCatalog, defineEvent, defineTopic, openBus } from '../src/index.ts'
import { memoryTransaction } from '../src/memory/index.ts'
import type { OutboxStore } from '../src/outbox/index.ts'
import type { Sdk } from '../src/tracing/sdk.fixture.ts'

const order = { type: 'object', properties: { orderId: { type: 'string' } }, required: ['orderId'] } as const
export const placed = defineEvent('shop.orders.placed')
  .version(1, order)
  .subject((data) => data.orderId)
export const sent = defineEvent('shop.mail.sent')
  .version(1, order)
  .subject((data) => data.orderId)
const orders = defineTopic('orders', { partitions: 2, events: [placed] })
const mail = defineTopic('mail', { partitions: 2, events: [sent] })
export const catalog = defineCatalog([orders, mail])

/** Where the order of a run goes: the engine, and the outbox with a way to commit a write to it. */
export interface Place {
  readonly engine: Engine
  readonly outbox: OutboxStore
  readonly transact: (write: (tx: never) => unknown) => unknown
  /** A name that no other run on this engine has. */
  readonly namespace: string
}

/**
 * One order: written to the outbox, relayed, handled by three groups, one of which publishes; notifications fails once
 * and is retried, billing is a dead letter that is redriven, and at the end inventory handles it once more.
 */
export async function followOneOrder(
  { engine, outbox, transact, namespace }: Place,
  sdk: Sdk,
): Promise<void> {
  const seen: CloudEvent[] = []
  const failing = { notifications: true, billing: true }
  const retry = { attempts: 2, backoff: constant('10ms', { jitter: 0 }) }
  const options = { source: '/orders', catalog, namespace, drainOn: false, report: () => undefined } as const
  const inventory = { handled: 0 }
  const start = (engine.capabilities.replay.start ? 'start' : 'end') as never
  {
    await using bus = await openBus({ ...options, transport: engine })
    const events = bus.outbox(outbox)
    const groups = [
      bus.group('notifications', { start, retry }).on(placed, async ({ event }) => {
        if (failing.notifications) {
          failing.notifications = false
          throw new Error('the mail server is away')
        }
        await bus.publish(sent, { orderId: event.data.orderId })
      }),
      bus.group('billing', { start, retry: { attempts: 1 } }).on(placed, () => {
        if (failing.billing) throw new Error('no account')
      }),
      bus.group('inventory', { start, rewind: 'allowed' }).on(placed, () => {
        inventory.handled += 1
      }),
      bus.group('analytics', { start }).on(sent, ({ event }) => void seen.push(event)),
    ]
    await Promise.all(groups.map((group) => group.joined()))
    transact((tx) => events.publish(tx, placed, { orderId: 'o-77' }))
    await until(() => seen.length === 1 && inventory.handled === 1)
    await until(async () => (await bus.deadLetters.count({ group: 'billing', states: ['dead'] })) === 1)
    failing.billing = false
    const { entries } = await bus.deadLetters.list({ group: 'billing' })
    await bus.deadLetters.request(entries.map(({ id }) => id))
    await until(async () => (await bus.deadLetters.count({ group: 'billing', states: ['handled'] })) === 1)
    if (!engine.capabilities.replay.start) return check(sdk, seen[0], false)
    await groups[2]?.stop()
    await bus.admin.seek('inventory', 'orders', 'start', { again: true })
    const again = bus.group('inventory', { rewind: 'allowed' }).on(placed, () => {
      inventory.handled += 1
    })
    await again.joined()
    await until(() => inventory.handled === 2)
  }
  check(sdk, seen[0], true)
}

/** A transaction in memory. */
export const transactInMemory = (write: (tx: never) => unknown): unknown =>
  memoryTransaction((tx) => write(tx as never))

const patienceMs = 30_000

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + patienceMs
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`It did not come to this: ${isSo.toString()}`)
    await setTimeout(5)
  }
}

const idOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().spanId
const parentOf = (span: ReadableSpan | undefined): string | undefined => span?.parentSpanContext?.spanId
const linksOf = (span: ReadableSpan | undefined): (string | undefined)[] =>
  span?.links.map(({ context }) => context.spanId) ?? []
const traceIdOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().traceId

function check(sdk: Sdk, told: CloudEvent | undefined, isReplayed: boolean): void {
  const [created] = sdk.named('create orders')
  const [relayed] = sdk.named('send orders')
  const [publishedMail] = sdk.named('send mail')
  const [handledMail] = sdk.named('process mail')
  const of = (group: string): readonly ReadableSpan[] =>
    sdk
      .named('process orders')
      .filter(({ attributes }) => attributes['messaging.consumer.group.name'] === group)
  const [failed, retried] = of('notifications')
  const [dead, redriven] = of('billing')
  const [counted, replayed] = of('inventory')

  // The relay publishes for nobody's trace, and says whose it is.
  expect(parentOf(relayed)).toBeUndefined()
  expect(linksOf(relayed)).toEqual([idOf(created)])
  // The first attempts and the retry are of the order's trace.
  for (const span of [failed, retried, dead, counted]) {
    expect(traceIdOf(span)).toBe(traceIdOf(created))
    expect(parentOf(span)).toBe(idOf(created))
    expect(linksOf(span)).toEqual([idOf(created)])
  }
  expect(failed?.attributes['tidings.delivery.attempt']).toBe(1)
  expect(retried?.attributes['tidings.delivery.attempt']).toBe(2)
  expect(dead?.attributes['tidings.delivery.outcome']).toBe('failed')
  // What follows from it goes on there.
  expect(parentOf(publishedMail)).toBe(idOf(retried))
  expect(parentOf(handledMail)).toBe(idOf(publishedMail))
  expect(traceIdOf(handledMail)).toBe(traceIdOf(created))
  expect(told && readTraceContext(told)).toMatchObject({
    traceId: traceIdOf(created),
    spanId: idOf(publishedMail),
  })
  expect(told?.causationid).toBe(created?.attributes['messaging.message.id'])
  // What was over is not opened again.
  for (const span of isReplayed ? [redriven, replayed] : [redriven]) {
    expect(traceIdOf(span)).not.toBe(traceIdOf(created))
    expect(parentOf(span)).toBeUndefined()
    expect(linksOf(span)).toEqual([idOf(created)])
  }
}
