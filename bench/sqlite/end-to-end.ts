import { quantile } from '../harness.ts'
import { paced } from '../paced.ts'
import { openShop, order, orderPlaced } from './shop.ts'

export interface EndToEndOptions {
  readonly file: string
  readonly perSecond: number
  readonly warmUpMs: number
  readonly elapsedMs: number
}

export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p99FromDueMs: number
}

/**
 * Publisher and consumer in one process. Latency is from the call of `publish` to the handler; `p99FromDueMs` from the
 * time at which the event was due, so that a stall counts for every event that it held up, and Node's timers count too.
 */
export async function endToEnd(options: EndToEndOptions): Promise<Latency> {
  const { file, perSecond, warmUpMs, elapsedMs } = options
  await using bus = await openShop(file)
  const everyMs = 1_000 / perSecond
  const total = Math.floor((warmUpMs + elapsedMs) / everyMs)
  const publishedMs = new Float64Array(total)
  const handledMs = new Float64Array(total)
  const group = bus.group('end-to-end').on(orderPlaced, async ({ event }) => {
    handledMs[event.data.number] = performance.now()
  })
  await group.joined()

  const startedMs = await paced(perSecond, total, (number) => {
    publishedMs[number] = performance.now()
    return bus.publish(orderPlaced, order(number))
  })
  await group.caughtUp()

  const first = Math.floor(warmUpMs / everyMs)
  const measured = (from: (number: number) => number): number[] =>
    Array.from(handledMs, (ms, number) => ms - from(number)).slice(first)
  const fromCall = measured((number) => publishedMs[number] ?? 0)
  const fromDue = measured((number) => startedMs + (number + 1) * everyMs)
  return {
    p50Ms: quantile(fromCall, 0.5),
    p99Ms: quantile(fromCall, 0.99),
    p99FromDueMs: quantile(fromDue, 0.99),
  }
}
