import { durationText } from '../index.ts'
import type { PartitionLag } from '../log/index.ts'

/** How far one group is behind on one topic. */
export interface TopicLag {
  readonly group: string
  readonly topic: string
  /** Events that are not committed. */
  readonly lag: number
  /** How long the oldest of them has been waiting. */
  readonly lagMs: number
  /** Partitions that deliver nothing until a seek: what was committed has been deleted by retention. */
  readonly resetRequired: readonly number[]
  readonly partitions: readonly Omit<PartitionLag, 'group' | 'topic'>[]
}

/** By group and topic. */
export function totalsOf(lags: readonly PartitionLag[]): TopicLag[] {
  const byTopic = Map.groupBy(lags, ({ group, topic }) => `${group}/${topic}`)
  return [...byTopic.values()].flatMap((each) => {
    const [first] = each
    if (first === undefined) return []
    const partitions = each.map(({ group: _group, topic: _topic, ...partition }) => partition)
    return [{ group: first.group, topic: first.topic, ...summed(partitions), partitions }]
  })
}

/** Of several partitions together. */
export function summed(
  partitions: TopicLag['partitions'],
): Pick<TopicLag, 'lag' | 'lagMs' | 'resetRequired'> {
  return {
    lag: partitions.reduce((total, { lag }) => total + lag, 0),
    lagMs: Math.max(0, ...partitions.map(({ lagMs }) => lagMs)),
    resetRequired: partitions.filter((each) => each.resetRequired).map(({ partition }) => partition),
  }
}

export function oldestText({ lagMs }: Pick<PartitionLag, 'lagMs'>): string {
  return lagMs === 0 ? '-' : durationText(lagMs)
}
