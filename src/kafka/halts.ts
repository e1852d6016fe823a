import { TidingsError } from '../kernel/index.ts'
import type { Commit } from '../log/index.ts'
import type { Place } from './offsets.ts'

/** Why nothing more of a partition is delivered: its group would go on at an offset that is gone, or was never said. */
export function resetRequired(
  { topic, partition }: Place,
  group: string,
  committed: Pick<Commit, 'offset'> | undefined,
): TidingsError {
  const place = `of "${topic}" partition ${partition}`
  const what =
    committed === undefined
      ? `The committed offset ${place} is gone`
      : `Offset ${committed.offset} ${place} is not there any more`
  return new TidingsError(
    'reset_required',
    `${what}, and group "${group}" would go on there. Nothing of this partition is delivered until the group is moved with seek.`,
  )
}

/** Why nothing is delivered for a while. */
export function topicGone(topic: string): TidingsError {
  return new TidingsError(
    'topic_missing',
    `Kafka has no topic "${topic}" any more. Its partitions are read again when it is there.`,
  )
}
