import type { TopicShape } from './group.ts'

/** A part of a group's work: all of it (neither is named), one topic, or one partition of a topic. */
export interface GroupPart {
  readonly topic?: string | undefined
  readonly partition?: number | undefined
}

/** Whether a partition is paused, by itself, with its topic or with the whole group. */
export function isPaused(paused: readonly GroupPart[], topic: string, partition: number): boolean {
  return paused.some((part) => covers(part, { topic, partition }))
}

/** With this part paused as well; the same list when it is already. What a wider part covers is not listed beside it. */
export function withPaused(paused: readonly GroupPart[], part: GroupPart): readonly GroupPart[] {
  if (paused.some((each) => covers(each, part))) return paused
  return [...paused.filter((each) => !covers(part, each)), namedPart(part)]
}

/**
 * With this part resumed; the same list when nothing of it is paused. Of a wider part that covers it the rest stays
 * paused: that is what `topics` has of it now, not what it may have later.
 */
export function withResumed(
  paused: readonly GroupPart[],
  part: GroupPart,
  topics: readonly TopicShape[],
): readonly GroupPart[] {
  if (!paused.some((each) => covers(each, part) || covers(part, each))) return paused
  return paused.flatMap((each) => {
    if (covers(part, each)) return []
    return covers(each, part) ? restOf(each, part, topics) : [each]
  })
}

/** What is left of a wider part without a narrower one. */
function restOf(wider: GroupPart, part: GroupPart, topics: readonly TopicShape[]): readonly GroupPart[] {
  const others = topics
    .filter(({ name }) => wider.topic === undefined && name !== part.topic)
    .map(({ name }): GroupPart => ({ topic: name }))
  if (part.partition === undefined) return others
  const count = topics.find(({ name }) => name === part.topic)?.partitions ?? 0
  const beside = Array.from({ length: count }, (_, partition) => ({ topic: part.topic, partition }))
  return [...others, ...beside.filter(({ partition }) => partition !== part.partition)]
}

function covers(wider: GroupPart, part: GroupPart): boolean {
  if (wider.topic !== undefined && wider.topic !== part.topic) return false
  return wider.partition === undefined || wider.partition === part.partition
}

/** Only what is named, as it comes back from a store. */
function namedPart({ topic, partition }: GroupPart): GroupPart {
  return { ...(topic !== undefined && { topic }), ...(partition !== undefined && { partition }) }
}
