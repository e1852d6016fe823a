import { type DeadLetter, type DeadLetterState, deadLetterId, failureOf } from '../dead-letter/index.ts'
import { partitionKeyOf } from '../event/index.ts'
import { TidingsError } from '../kernel/index.ts'
import type { StoredRecord } from '../log/index.ts'
import type { Work } from './lane.ts'

/** The dead-letter store's entry of an event that failed, or that waits behind one of its key that did. */
export function letterOf(
  group: string,
  work: Work,
  record: StoredRecord | DeadLetter,
  state: DeadLetterState,
  nowMs: number,
): DeadLetter {
  const { topic, partition, offset, event, failed, counted, nextAttemptAt } = work
  return {
    id: deadLetterId(group, work),
    group,
    topic,
    partition,
    offset,
    appendedAt: record.appendedAt,
    state,
    ...reasonOf(work, record, state),
    attempts: Math.max(failed, counted),
    event: event && { type: event.type, source: event.source, id: event.id },
    key: event && partitionKeyOf(event),
    encoded: record.encoded,
    failedAt: nowMs,
    nextAttemptAt: state === 'dead' ? undefined : nextAttemptAt,
  }
}

/** An entry that is written anew before its next attempt keeps why it is there. */
function reasonOf(
  { error }: Work,
  record: StoredRecord | DeadLetter,
  state: DeadLetterState,
): ReturnType<typeof failureOf> {
  if (error === undefined && 'reason' in record) {
    const { reason, message, stack } = record
    return { reason, message, stack }
  }
  return failureOf(error ?? (state === 'parked' ? behindDead : behindFailed))
}

const behindFailed = new TidingsError(
  'limit_exceeded',
  'It waits behind an earlier event of its key that failed, and was set aside to let the others pass.',
)

const behindDead = new TidingsError(
  'key_held',
  'It waits behind a dead letter of its key. Redrive that one, and this follows it in order; or discard it.',
)
