import type { PartitionBounds, PartitionLag } from './admin.ts'

/** How far a group is behind on one partition; `oldestAppendedAt` is of its first uncommitted record, if any. */
export function partitionLag(
  group: string,
  bounds: PartitionBounds,
  committed: number,
  oldestAppendedAt: number | undefined,
  nowMs: number,
): PartitionLag {
  return {
    group,
    topic: bounds.topic,
    partition: bounds.partition,
    committed,
    end: bounds.end,
    lag: Math.max(0, bounds.end - committed),
    lagMs: oldestAppendedAt === undefined ? 0 : Math.max(0, nowMs - oldestAppendedAt),
    resetRequired: committed < bounds.begin,
  }
}
