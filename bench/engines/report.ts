import { median, rounded } from '../harness.ts'
import type { Round } from './round.ts'

/** What is to be reached: shares of the yardstick in the same round, and milliseconds above it. */
const targets = { publish: 0.8, consume: 0.7, overheadP50Ms: 1 }

/** Medians of all rounds, the ratios of each, and what is reached. */
export function reportOf(rounds: readonly Round[]): object {
  const of = (figure: (round: Round) => number): number => median(rounds.map(figure))
  const compared = (
    [product, raw, bare]: readonly ['publish' | 'consume', keyof Rates, keyof Rates],
    target: number,
  ): object => {
    const ratios = rounds.map((round) => round[product].perSecond / round[raw].perSecond)
    return {
      perSecond: Math.round(of((round) => round[product].perSecond)),
      yardstickPerSecond: Math.round(of((round) => round[raw].perSecond)),
      barePerSecond: Math.round(of((round) => round[bare].perSecond)),
      ratio: rounded(median(ratios)),
      ratios: ratios.map((ratio) => rounded(ratio)),
      target,
      reached: median(ratios) >= target,
    }
  }
  const overheads = rounds.map(({ endToEnd, rawEndToEnd }) => endToEnd.p50Ms - rawEndToEnd.p50Ms)
  return {
    publish: compared(['publish', 'rawPublish', 'barePublish'], targets.publish),
    consume: compared(['consume', 'rawConsume', 'bareConsume'], targets.consume),
    endToEnd: {
      p50Ms: rounded(of(({ endToEnd }) => endToEnd.p50Ms)),
      yardstickP50Ms: rounded(of(({ rawEndToEnd }) => rawEndToEnd.p50Ms)),
      overheadP50Ms: rounded(median(overheads)),
      overheads: overheads.map((ms) => rounded(ms)),
      p99Ms: rounded(of(({ endToEnd }) => endToEnd.p99Ms)),
      yardstickP99Ms: rounded(of(({ rawEndToEnd }) => rawEndToEnd.p99Ms)),
      target: targets.overheadP50Ms,
      reached: median(overheads) <= targets.overheadP50Ms,
    },
  }
}

type Rates = Pick<Round, 'rawPublish' | 'barePublish' | 'rawConsume' | 'bareConsume'>
