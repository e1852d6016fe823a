import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { constant, seededRandom } from '../kernel/index.ts'
import { type MemoryEngine, memory } from '../memory/index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { type Bus, openBus } from './bus.ts'
import type { DeliveryReport } from './report.ts'

/** The events that the tests of the bus publish. */
export const placed = defineEvent('com.example.orders.placed')
  .version(1, {
    type: 'object',
    properties: { orderId: { type: 'string' }, number: { type: 'integer' } },
    required: ['orderId', 'number'],
  } as const)
  .subject((data) => data.orderId)

export const paid = defineEvent('com.example.orders.paid')
  .version(1, { type: 'object', properties: { orderId: { type: 'string' } }, required: ['orderId'] } as const)
  .subject((data) => data.orderId)

export const orders = defineTopic('orders', { partitions: 2, events: [placed, paid] })
export const catalog = defineCatalog([orders])

export const fast = { attempts: 3, backoff: constant('1s', { jitter: 0 }) }

export interface Fixture {
  readonly clock: VirtualClock
  readonly engine: MemoryEngine
  readonly bus: Bus<MemoryEngine['capabilities'], 'com.example.orders.placed' | 'com.example.orders.paid'>
  readonly reports: DeliveryReport[]
  /** Publishes `placed` for an order, numbered on. */
  place(...orderIds: readonly string[]): Promise<void>
  /** Another process's view of the same engine. */
  anotherBus(): Promise<Fixture['bus']>
  [Symbol.asyncDispose](): Promise<void>
}

/** A bus on the memory engine whose time the test moves. */
export async function openFixture(): Promise<Fixture> {
  const clock = new VirtualClock()
  const engine = memory({ clock })
  const reports: DeliveryReport[] = []
  const open = (): Promise<Fixture['bus']> =>
    openBus({
      transport: engine,
      source: '/tests',
      catalog,
      clock,
      random: seededRandom(1),
      drainOn: false,
      report: (report) => reports.push(report),
    })
  const bus = await open()
  let number = 0
  return {
    clock,
    engine,
    bus,
    reports,
    place: (...orderIds) =>
      bus.publishAll(orderIds.map((orderId) => placed.create({ orderId, number: number++ }))),
    anotherBus: open,
    async [Symbol.asyncDispose]() {
      const closing = bus.close()
      await clock.advance(60_000)
      await closing
    },
  }
}

/** Settles once it is called. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}
