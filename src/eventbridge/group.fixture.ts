import { openBus } from '../bus/index.ts'
import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { sleep, systemClock } from '../kernel/index.ts'
import { eventbridge, type EventbridgeOptions } from './eventbridge.ts'
import { busUrl, freshName } from './moto.fixture.ts'

const schema = {
  type: 'object',
  properties: { number: { type: 'integer' } },
  required: ['number'],
} as const

export const placed = defineEvent('com.example.orders.placed')
  .version(1, schema)
  .subject(({ number }) => `orders/${number % keys}`)

/** Orders of so many customers: as many keys. */
const keys = 100

export const catalog = defineCatalog([defineTopic('orders', { partitions: 4, events: [placed] })])

export interface GroundOptions extends EventbridgeOptions {
  readonly url?: string
  readonly namespace?: string
}

/** A bus in a namespace of a test's own. */
export async function openGround({ url = busUrl(), ...options }: GroundOptions = {}) {
  const { namespace = freshName(), ...engineOptions } = options
  // moto holds a request that waits for events until its time is over, also when nobody waits for the answer any more.
  const transport = await eventbridge(url, { waitMs: 1_000, ...engineOptions })
  const bus = await openBus({
    transport,
    source: '/orders',
    catalog,
    namespace,
    drainOn: false,
    report: () => undefined,
  })
  return { bus, transport, url, namespace, [Symbol.asyncDispose]: () => bus.close() }
}

/** Publishes orders with these numbers, a hundred at once, one batch after the other. */
export async function publish(
  { bus }: Pick<Awaited<ReturnType<typeof openGround>>, 'bus'>,
  from: number,
  to: number,
): Promise<void> {
  for (let first = from; first < to; first += 100) {
    const numbers = Array.from({ length: Math.min(100, to - first) }, (_, index) => first + index)
    await bus.publishAll(numbers.map((number) => placed.create({ number })))
  }
}

/** Waits until it is so. @throws when it does not come to it. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  patienceMs = 120_000,
): Promise<void> {
  for (const endMs = Date.now() + patienceMs; !(await isSo()); ) {
    if (Date.now() > endMs) throw new Error(`In ${patienceMs} ms it did not come to this: ${what}.`)
    await sleep(systemClock, 20)
  }
}
