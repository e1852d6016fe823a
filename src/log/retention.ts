import type { PartitionBounds, Retention } from './admin.ts'

export interface RetentionInput {
  readonly bounds: PartitionBounds
  readonly retention: Retention
  /** Partitions of the topic: the limit in bytes is of the whole topic, and each has its share. */
  readonly partitions: number
  /** The first offset younger than the age limit, and than twice the age limit. */
  readonly youngerThanAge: number
  readonly youngerThanTwiceAge: number
  /** The lowest committed offset of all registered groups. */
  readonly readByAll: number
}

/**
 * The offset before which a partition may be deleted. What is over a limit goes once every registered group has read
 * it; what is over twice the limit goes anyway, so that one forgotten group cannot fill the disk.
 */
export function retainedFrom(input: RetentionInput): number {
  const { bounds, retention, partitions } = input
  const share = retention.bytes === undefined ? Number.POSITIVE_INFINITY : retention.bytes / partitions
  const over = Math.max(input.youngerThanAge, offsetWithin(bounds, share))
  const overTwice = Math.max(input.youngerThanTwiceAge, offsetWithin(bounds, 2 * share))
  const from = Math.max(Math.min(over, input.readByAll), overTwice)
  return Math.min(Math.max(from, bounds.begin), bounds.end)
}

/** The offset from which the records fit into so many bytes, by the partition's average size of a record. */
function offsetWithin({ begin, end, bytes }: PartitionBounds, maxBytes: number): number {
  if (bytes <= maxBytes) return begin
  return begin + Math.ceil(((bytes - maxBytes) / bytes) * (end - begin))
}
