import { fork } from 'node:child_process'
import { once } from 'node:events'
import { machineMs, quantile } from '../harness.ts'
import { openShop, orderPlaced } from '../sqlite/shop.ts'
import type { PublisherOptions, Published } from './publisher.ts'

export interface TwoProcessesOptions {
  readonly file: string
  readonly perSecond: number
  readonly warmUpMs: number
  readonly elapsedMs: number
}

export interface TwoProcessesLatency {
  readonly p50Ms: number
  readonly p99Ms: number
}

/**
 * A publisher in a process of its own, the consumer in this one. Latency is from the call of `publish` there to the handler
 * here, by the machine's monotonic clock, which both share.
 */
export async function twoProcesses(options: TwoProcessesOptions): Promise<TwoProcessesLatency> {
  const { file, perSecond, warmUpMs, elapsedMs } = options
  const total = Math.floor(((warmUpMs + elapsedMs) * perSecond) / 1_000)
  const handledMs = new Float64Array(total)
  await using bus = await openShop(file)
  const all = Promise.withResolvers<void>()
  let handled = 0
  const group = bus.group('two-processes').on(orderPlaced, async ({ event }) => {
    handledMs[event.data.number] = machineMs()
    handled += 1
    if (handled === total) all.resolve()
  })
  await group.joined()
  const publisher: PublisherOptions = { file, perSecond, total }
  const child = fork(new URL('publisher.ts', import.meta.url), [JSON.stringify(publisher)])
  const [{ publishedMs }] = (await once(child, 'message')) as [Published]
  await all.promise

  const latencies = publishedMs.map((ms, number) => (handledMs[number] ?? Number.NaN) - ms)
  const measured = latencies.slice(Math.floor((warmUpMs * perSecond) / 1_000))
  return { p50Ms: quantile(measured, 0.5), p99Ms: quantile(measured, 0.99) }
}
