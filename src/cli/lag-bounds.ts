import { durationText } from '../index.ts'
import type { PartitionLag } from '../log/index.ts'
import { counted, namesText } from './text.ts'

/** What `tidings lag` checks of every partition; undefined: not checked. */
export interface LagBounds {
  /** More events than that behind. */
  readonly failOver?: number
  /** The oldest of them waiting for longer than that, in ms. */
  readonly failAge?: number
}

/** Says which partitions are over a bound; undefined when none is. */
export function overBounds(lags: readonly PartitionLag[], bounds: LagBounds): string | undefined {
  const { failOver = Number.POSITIVE_INFINITY, failAge = Number.POSITIVE_INFINITY } = bounds
  const over = lags.filter(({ lag, lagMs }) => lag > failOver || lagMs > failAge)
  if (over.length === 0) return undefined
  const names = over.map(
    ({ group, topic, partition, lag, lagMs }) =>
      `${group} on ${topic}/${partition} (${counted(lag, 'event')}, ${durationText(lagMs)})`,
  )
  return `Behind by more than is allowed: ${namesText(names)}.`
}
