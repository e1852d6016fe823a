import { type Duration, durationMs } from './duration.ts'
import type { Random } from './random.ts'

/** How long to wait in ms before the next attempt, after `attempt` (from 1) has failed. */
export type Backoff = (attempt: number, random: Random) => number

export interface BackoffOptions {
  /** How far a wait may differ from its nominal length, as a fraction of it: 0 for none. */
  readonly jitter?: number | undefined
}

/** Doubles from `first` up to `longest`. Jitter is 0.1 by default, so that what failed together does not come back together. */
export function exponential(first: Duration, longest: Duration, options: BackoffOptions = {}): Backoff {
  const firstMs = durationMs(first)
  const longestMs = durationMs(longest)
  return jittered(
    (attempt) => Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 50)),
    options.jitter ?? 0.1,
  )
}

/** Always the same wait; without jitter by default. */
export function constant(wait: Duration, options: BackoffOptions = {}): Backoff {
  const waitMs = durationMs(wait)
  return jittered(() => waitMs, options.jitter ?? 0)
}

function jittered(nominal: (attempt: number) => number, jitter: number): Backoff {
  return (attempt, random) => nominal(attempt) * (1 + jitter * (2 * random.next() - 1))
}
