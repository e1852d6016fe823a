import { TidingsError } from '../kernel/index.ts'

/** Which owner of which partition acts. What it writes is refused once the partition belongs to a newer generation. */
export interface Fence {
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly generation: number
}

/** The refusal of an owner that is none any more. @param newest the generation that may write; undefined when none may. */
export function fencedBy(
  { group, topic, partition, generation }: Fence,
  newest: number | undefined,
): TidingsError {
  const owner =
    newest === undefined
      ? `was never granted in group "${group}"`
      : `belongs to generation ${newest} of group "${group}" now`
  return new TidingsError(
    'fenced',
    `Partition ${partition} of "${topic}" ${owner}; this member has ${generation}. Nothing of its write is kept; the owner delivers the event again.`,
  )
}
