import {
  type Backoff,
  checkOptionNames,
  exponential,
  groupDefaults,
  type Random,
  shown,
  TidingsError,
} from '../kernel/index.ts'

/** How often a failing event is attempted, and the waits between. */
export interface RetryPolicy {
  /** Attempts in all, at least 1; after the last the event becomes a dead letter. Default 5. */
  readonly attempts?: number | undefined
  /** Default `exponential('1s', '1m')`. */
  readonly backoff?: Backoff | undefined
}

export interface Retry {
  readonly attempts: number
  readonly backoff: Backoff
}

const optionNames = { attempts: true, backoff: true } as const satisfies Record<keyof RetryPolicy, true>

const defaultBackoff = exponential(groupDefaults.firstBackoffMs, groupDefaults.longestBackoffMs)

/**
 * @param warn told once when a backoff throws or returns what is not a wait; the default one is taken then.
 * @throws `option_invalid`
 */
export function retryOf(policy: RetryPolicy = {}, warn: (warning: Error) => void = () => undefined): Retry {
  checkOptionNames('retry', policy, optionNames)
  const { attempts = groupDefaults.attempts, backoff } = policy
  if (!Number.isSafeInteger(attempts) || attempts < 1) {
    throw new TidingsError(
      'option_invalid',
      `retry.attempts is ${shown(attempts)}. It counts the first attempt too: give a whole number from 1.`,
    )
  }
  if (backoff === undefined) return { attempts, backoff: defaultBackoff }
  if (typeof backoff === 'function') return { attempts, backoff: surelyWaits(backoff, warn) }
  throw new TidingsError(
    'option_invalid',
    `retry.backoff is ${shown(backoff)}. Give a function, as exponential('1s', '1m') and constant('5s') make.`,
  )
}

/** How long to wait in ms after a failed attempt, or undefined when the event becomes a dead letter. */
export function retryDelayMs(retry: Retry, failedAttempts: number, random: Random): number | undefined {
  return failedAttempts >= retry.attempts ? undefined : retry.backoff(failedAttempts, random)
}

/** How long to wait in ms after so many attempts that an outage has ended one after the other. Without end: they do not count. */
export function outageDelayMs(outages: number, random: Random): number {
  return outageBackoff(outages, random)
}

const outageBackoff = exponential(groupDefaults.outageFirstBackoffMs, groupDefaults.outageLongestBackoffMs)

/** How long an event may be attempted at most, in ms: every attempt up to its timeout, and the longest waits between. */
export function longestScheduleMs(retry: Retry, handlerTimeoutMs: number): number {
  const attempts = Math.min(retry.attempts, mostAttemptsSummed)
  let longestMs = retry.attempts * handlerTimeoutMs
  for (let attempt = 1; attempt < attempts; attempt++) longestMs += retry.backoff(attempt, highest)
  return longestMs
}

/** More are summed nowhere: with any wait and timeout that is beyond every bound. */
const mostAttemptsSummed = 100_000
const highest: Random = { next: () => 1 - Number.EPSILON, fill: (bytes) => void bytes.fill(255) }

/** A mistake in somebody's backoff must neither stop a key for good nor retry it without a pause. */
function surelyWaits(backoff: Backoff, warn: (warning: Error) => void): Backoff {
  let warned = false
  const insteadOf = (wrong: string, cause?: unknown): void => {
    if (!warned) {
      const sentence = `retry.backoff ${wrong}; the default wait is taken instead. Return milliseconds from 0.`
      warn(new TidingsError('option_invalid', sentence, { cause }))
    }
    warned = true
  }
  return (attempt, random) => {
    try {
      const waitMs: unknown = backoff(attempt, random)
      if (typeof waitMs === 'number' && waitMs >= 0 && waitMs <= Number.MAX_SAFE_INTEGER) return waitMs
      insteadOf(`returned ${shown(waitMs)}`)
    } catch (error) {
      insteadOf('threw', error)
    }
    return defaultBackoff(attempt, random)
  }
}
