import { type Backoff, exponential, groupDefaults, type Random, TidingsError } from '../kernel/index.ts'

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

/** @throws `option_invalid` */
export function retryOf(policy: RetryPolicy = {}): Retry {
  const attempts = policy.attempts ?? groupDefaults.attempts
  if (!Number.isSafeInteger(attempts) || attempts < 1) {
    throw new TidingsError(
      'option_invalid',
      `retry.attempts is ${attempts}. It counts the first attempt too: give a whole number from 1.`,
    )
  }
  const backoff = policy.backoff ?? exponential(groupDefaults.firstBackoffMs, groupDefaults.longestBackoffMs)
  return { attempts, backoff }
}

/** How long to wait in ms after a failed attempt, or undefined when the event becomes a dead letter. */
export function retryDelayMs(retry: Retry, failedAttempts: number, random: Random): number | undefined {
  return failedAttempts >= retry.attempts ? undefined : retry.backoff(failedAttempts, random)
}
