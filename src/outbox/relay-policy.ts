import { exponential, isTidingsError, limits, type Random } from '../kernel/index.ts'

/**
 * What a round of a relay came to. `more`: go on at once · `idle`: nothing was pending · `standing-by`: another
 * relay has the right · `failed`: the engine or the outbox did not answer.
 */
export type Round = 'more' | 'idle' | 'standing-by' | 'failed'

/** When a lease is renewed, or asked for again: in time for two more attempts. */
export function renewEveryMs(leaseMs: number): number {
  return leaseMs / 3
}

/** How long to wait after a round, in ms. @param failures rounds that failed one after the other. */
export function waitMsAfter(round: Round, failures: number, leaseMs: number, random: Random): number {
  if (round === 'more') return 0
  if (round === 'idle') return Math.min(limits.relayPollMs, renewEveryMs(leaseMs))
  if (round === 'standing-by') return renewEveryMs(leaseMs)
  return backoff(failures, random)
}

const backoff = exponential(limits.relayFirstBackoffMs, limits.relayLongestBackoffMs)

export function isRenewalDue(renewedMs: number, nowMs: number, leaseMs: number): boolean {
  return nowMs - renewedMs >= renewEveryMs(leaseMs)
}

/** Asked right before each publish, by the process's own monotonic clock: a relay that was paused begins nothing that another has begun. */
export function isHeld(renewedMs: number, nowMs: number, leaseMs: number): boolean {
  return nowMs - renewedMs < leaseMs
}

/** True for what is wrong with the event, or with where it goes: to try again cannot help. All else may pass by itself. */
export function isRefusal(error: unknown): boolean {
  const goesNowhere = isTidingsError(error, 'topic_missing') || isTidingsError(error, 'partition_missing')
  return goesNowhere || (isTidingsError(error) && error.kind === 'invalid')
}
