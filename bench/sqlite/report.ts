import { cpus } from 'node:os'
import { median, rounded } from '../harness.ts'
import type { Runs } from './runs.ts'

/** What is to be reached: shares of the yardstick in the same round, milliseconds, megabytes. */
const targets = {
  publishBatches: { ratio: 0.5 },
  publishInFlight: { ratio: 0.4 },
  consume: { ratio: 0.17 },
  consumeWithSignal: { ratio: 0.17 },
  growth: { ratio: 0.75 },
  endToEnd: { p50Ms: 1, p99Ms: 4 },
  rssMegabytes: 150,
}

/** Medians of all rounds, the ratios of each, and what is reached. */
export function report({ figures, rssMegabytes }: Runs): object {
  const middle = (name: string): number => median(figures[name] ?? [])
  const compared = (name: string, yardstick: string, target: { readonly ratio: number }): object => {
    const ratios = (figures[name] ?? []).map((value, round) => value / (figures[yardstick]?.[round] ?? 0))
    return {
      perSecond: Math.round(middle(name)),
      yardstickPerSecond: Math.round(middle(yardstick)),
      ratio: rounded(median(ratios)),
      ratios: ratios.map((ratio) => rounded(ratio)),
      target: target.ratio,
      reached: median(ratios) >= target.ratio,
    }
  }
  const [p50Ms, p99Ms, p99FromDueMs] = [middle('p50Ms'), middle('p99Ms'), middle('p99FromDueMs')]
  const rss = Object.fromEntries(
    Object.entries(rssMegabytes)
      .filter(([name]) => !name.startsWith('raw'))
      .map(([name, values]) => [name, Math.round(median(values))]),
  )
  return {
    node: process.versions.node,
    sqlite: process.versions.sqlite,
    cpu: cpus()[0]?.model,
    cpus: cpus().length,
    publishBatches: compared('publishBatches', 'rawWrite', targets.publishBatches),
    publishInFlight: compared('publishInFlight', 'rawWrite', targets.publishInFlight),
    consume: compared('consume', 'rawRead', targets.consume),
    consumeWithSignal: compared('consumeWithSignal', 'rawRead', targets.consumeWithSignal),
    endToEnd: {
      p50Ms: rounded(p50Ms),
      p99Ms: rounded(p99Ms),
      p99FromDueMs: rounded(p99FromDueMs),
      target: targets.endToEnd,
      reached: p50Ms <= targets.endToEnd.p50Ms && p99Ms <= targets.endToEnd.p99Ms,
    },
    publishGrowth: compared('publishLarge', 'publishSmall', targets.growth),
    consumeGrowth: compared('consumeLarge', 'consumeSmall', targets.growth),
    rssMegabytes: {
      ...rss,
      target: targets.rssMegabytes,
      reached: Object.entries(rss).every(([name, mb]) => prepares(name) || mb <= targets.rssMegabytes),
    },
  }
}

/** Filling logs prepares a measurement; it is shown and not judged (README, on memory). */
function prepares(name: string): boolean {
  return name.startsWith('fill')
}
