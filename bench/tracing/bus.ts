import { seededRandom } from '../../src/kernel/index.ts'
import { defineCatalog, defineEvent, defineTopic, openBus } from '../../src/index.ts'
import { memory } from '../../src/memory/index.ts'

export interface BusOptions {
  readonly events: number
  readonly warmUp: number
}

const placed = defineEvent('com.example.orders.placed')
  .version(1, { type: 'object', properties: { orderId: { type: 'string' } }, required: ['orderId'] } as const)
  .subject((data) => data.orderId)
const catalog = defineCatalog([defineTopic('orders', { partitions: 4, events: [placed] })])
const together = 500

/** CPU time of a whole event, published and handled on the memory engine, in µs. */
export async function wholeEvent({ events, warmUp }: BusOptions): Promise<{ readonly microseconds: number }> {
  await using bus = await openBus({
    transport: memory(),
    source: '/orders',
    catalog,
    random: seededRandom(1),
    report: () => undefined,
    drainOn: false,
  })
  const group = bus.group('billing', { start: 'start' }).on(placed, () => undefined)
  void group.run()
  const run = async (count: number): Promise<void> => {
    for (let first = 0; first < count; first += together) {
      const indexes = Array.from({ length: together }, (_, index) => first + index)
      await Promise.all(indexes.map((index) => bus.publish(placed, { orderId: `o-${index % 100}` })))
    }
    await group.caughtUp()
  }
  await run(warmUp)
  const before = process.cpuUsage()
  await run(events)
  const { user, system } = process.cpuUsage(before)
  return { microseconds: (user + system) / events }
}
