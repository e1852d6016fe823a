import type { EncodedEvent } from '../event/index.ts'
import { type ErrorCode, limits, TidingsError, toError } from '../kernel/index.ts'
import type { StoredRecord } from '../log/index.ts'

/**
 * Where an event stands that a group could not handle.
 * `set-aside`: still retried on its schedule, its key waiting · `dead`: its attempts are used up ·
 * `parked`: never tried, it waits behind a dead letter of its key · `requested`: a
 * redrive was asked for · `handled`: a redrive succeeded · `discarded`: given up for good, with a reason.
 * The last two are ended: they stay as a record, until the event fails anew after a replay.
 */
export type DeadLetterState = 'set-aside' | 'dead' | 'parked' | 'requested' | 'handled' | 'discarded'

/** One event that one group could not handle, with everything needed to understand it and to deliver it again. */
export interface DeadLetter {
  /** Derived from group, topic, partition and offset: the same event of the same group is one entry. */
  readonly id: string
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** ms since the Unix epoch, of the engine's clock. */
  readonly appendedAt: number
  readonly state: DeadLetterState
  /** Why: the code of the error, and its words. */
  readonly reason: ErrorCode
  readonly message: string
  readonly stack: string
  /** Failed attempts since it was last redriven, or since its first delivery. */
  readonly attempts: number
  /** Absent where the record cannot be parsed. */
  readonly event: { readonly type: string; readonly source: string; readonly id: string } | undefined
  /** What orders: later events of this key wait while it is set aside. */
  readonly key: string | undefined
  /** The record as it was. */
  readonly encoded: EncodedEvent
  /** ms since the Unix epoch. */
  readonly failedAt: number
  /** When a set-aside event is tried next, ms since the Unix epoch. */
  readonly nextAttemptAt: number | undefined
  /** Why it was given up; of a `discarded` one. */
  readonly discardReason?: string | undefined
}

/** What the owner of a partition needs of an entry until it is delivered: all but the record and why it failed. */
export type DeadLetterPlace = Pick<
  DeadLetter,
  'id' | 'offset' | 'key' | 'state' | 'attempts' | 'nextAttemptAt'
>

/** The places of those of one partition, in the order in which they are delivered. */
export function placesOf(
  entries: readonly (DeadLetterPlace & Pick<DeadLetter, 'partition'>)[],
  partition: number,
): readonly DeadLetterPlace[] {
  return entries
    .filter((entry) => entry.partition === partition)
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ id, offset, key, state, attempts, nextAttemptAt }) => ({
      id,
      offset,
      key,
      state,
      attempts,
      nextAttemptAt,
    }))
}

/** What changes of an entry when its redrive is requested: its attempts begin anew. */
export const requestedAnew: Pick<DeadLetter, 'state' | 'attempts' | 'nextAttemptAt'> = {
  state: 'requested',
  attempts: 0,
  nextAttemptAt: undefined,
}

/** What changes of an entry when it is discarded. */
export function discardedFor(reason: string): Pick<DeadLetter, 'state' | 'discardReason' | 'nextAttemptAt'> {
  return { state: 'discarded', discardReason: discardReasonOf(reason), nextAttemptAt: undefined }
}

export function deadLetterId(
  group: string,
  record: Pick<StoredRecord, 'topic' | 'partition' | 'offset'>,
): string {
  return `${group}/${record.topic}/${record.partition}/${record.offset}`
}

/** What a dead letter keeps of an error: its code, and message and stack cut to `limits.errorLength`. */
export function failureOf(thrown: unknown): Pick<DeadLetter, 'reason' | 'message' | 'stack'> {
  const error = toError(thrown)
  return {
    reason: error instanceof TidingsError ? error.code : 'handler_failed',
    message: cut(error instanceof TidingsError ? error.sentence : `${error.name}: ${error.message}`),
    stack: cut(withCauses(error)),
  }
}

/** What a dead letter keeps of the reason why it was discarded. */
export function discardReasonOf(reason: string): string {
  return cut(reason)
}

/** Ends also where causes go round in a circle: no more is kept than `limits.errorLength`. */
function withCauses(error: Error): string {
  let text = stackOf(error)
  let { cause } = error
  while (cause instanceof Error && text.length <= limits.errorLength) {
    text += `\nCaused by: ${stackOf(cause)}`
    cause = cause.cause
  }
  return text
}

function stackOf(error: Error): string {
  return error.stack ?? `${error.name}: ${error.message}`
}

function cut(text: string): string {
  return text.length > limits.errorLength ? `${text.slice(0, limits.errorLength)}…` : text
}
