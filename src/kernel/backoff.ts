import { type Duration, durationMs } from './duration.ts'
import type { Random } from './random.ts'

/** How long to wait in ms before the next attempt, after `attempt` (from 1) has failed. */
export type Backoff = (attempt: number, random: Random) => number

export interface BackoffOptions {
  /** How far a wait may differ from its nominal length, as a fraction of it. Default 0.1; 0 for none. */
  readonly jitter?: number | undefined
}

/** Doubles from `first` up to `longest`. */
export function exponential(first: Duration, longest: Duration, options: BackoffOptions = {}): Backoff {
  const firstMs = durationMs(first)
  const longestMs = durationMs(longest)
  return jittered((attempt) => Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 50)), options)
}

/** Always the same wait. */
export function constant(wait: Duration, options: BackoffOptions = {}): Backoff {
  const waitMs = durationMs(wait)
  return jittered(() => waitMs, options)
}

function jittered(nominal: (attempt: number) => number, { jitter = 0.1 }: BackoffOptions): Backoff {
  return (attempt, random) => nominal(attempt) * (1 + jitter * (2 * random.next() - 1))
}
