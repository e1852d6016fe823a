import { quantile } from '../harness.ts'
import { paced } from '../paced.ts'
import type { Latency } from '../sqlite/end-to-end.ts'
import type { RawPace } from './yardstick.ts'

/** Publishes at a steady rate, and takes the time from each call of `publish` to `handled`. */
export async function latencies(
  { perSecond, warmUpMs, elapsedMs }: RawPace,
  begin: (handled: (number: number) => void) => Promise<(number: number) => Promise<void>>,
): Promise<Latency> {
  const total = Math.floor(((warmUpMs + elapsedMs) / 1_000) * perSecond)
  const publishedMs = new Float64Array(total)
  const handledMs = new Float64Array(total)
  const done = Promise.withResolvers<void>()
  let left = total
  const publish = await begin((number) => {
    handledMs[number] = performance.now()
    left -= 1
    if (left === 0) done.resolve()
  })
  const startedMs = await paced(perSecond, total, (number) => {
    publishedMs[number] = performance.now()
    return publish(number)
  })
  await done.promise
  const first = Math.floor((warmUpMs / 1_000) * perSecond)
  const measured = (from: (number: number) => number): number[] =>
    Array.from(handledMs, (ms, number) => ms - from(number)).slice(first)
  const fromCall = measured((number) => publishedMs[number] ?? 0)
  const fromDue = measured((number) => startedMs + ((number + 1) * 1_000) / perSecond)
  return {
    p50Ms: quantile(fromCall, 0.5),
    p99Ms: quantile(fromCall, 0.99),
    p99FromDueMs: quantile(fromDue, 0.99),
  }
}
