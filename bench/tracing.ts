import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inChild, median, rounded, say } from './harness.ts'
import type { Cost, CostOptions } from './tracing/cost.ts'

export interface TracingBenchOptions {
  readonly rounds: number
}

const each = { events: 200_000, warmUp: 50_000 }
const sdks = ['none', 'full', 'onePercent'] as const

/** What does tracing cost for an event, in CPU time: without an SDK, with one, and with one that samples 1 %? */
export async function benchTracing({ rounds }: TracingBenchOptions): Promise<object> {
  const cache = await mkdtemp(join(tmpdir(), 'tidings-bench-'))
  const costs: Record<CostOptions['sdk'], number[]> = { none: [], full: [], onePercent: [] }
  const whole: number[] = []
  try {
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`)
      for (const sdk of sdks) {
        const { figures } = await inChild<Cost>(cache, 'tracing/cost.ts', 'cost', { ...each, sdk })
        costs[sdk].push(figures.microseconds)
      }
      const bus = await inChild<Cost>(cache, 'tracing/bus.ts', 'wholeEvent', each)
      whole.push(bus.figures.microseconds)
    }
  } finally {
    await rm(cache, { recursive: true })
  }
  return {
    bench: 'tracing',
    rounds,
    microsecondsPerEvent: {
      withoutSdk: rounded(median(costs.none)),
      withSdk: rounded(median(costs.full)),
      withSdkSamplingOnePercent: rounded(median(costs.onePercent)),
      wholeEventWithoutSdk: rounded(median(whole)),
    },
    demanded: { withoutSdk: 1 },
  }
}
