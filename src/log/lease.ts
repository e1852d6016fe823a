/** A member's lease, as whoever renews it beside the event loop has to know it. */
export interface Lease {
  readonly group: string
  readonly member: string
  readonly session: string
  /** How often the event loop renews it, when it can. */
  readonly everyMs: number
  /** An event loop that has not renewed for this long counts as hung: nobody renews for it. */
  readonly blockedMs: number
}

/**
 * A lease that is kept while its process lives and its event loop is blocked, as by a handler that computes. Times are
 * those of `Clock.monotonic`.
 */
export interface KeptLease {
  /** The event loop has renewed the lease; it counts from then. */
  renewed(fromMs: number): void
  /** From when the last renewal counts that was made beside the event loop; `-Infinity` where none was. */
  readonly renewedFromMs: number
  /** Nothing more is renewed. */
  release(): void
}

/** Of an engine whose members have nobody beside their event loop. */
export const keptByLoop: KeptLease = {
  renewed: () => undefined,
  renewedFromMs: Number.NEGATIVE_INFINITY,
  release: () => undefined,
}

/** How many heartbeats the event loop may be late before somebody else renews. */
const lateHeartbeats = 1.5

/**
 * What to do for a lease now, beside the event loop: `renew`, or look again after so many ms. Times are when the last
 * renewals count from.
 */
export function dueForLease(
  { everyMs, blockedMs }: Pick<Lease, 'everyMs' | 'blockedMs'>,
  renewed: { readonly byLoopMs: number; readonly besideMs: number },
  nowMs: number,
): 'renew' | { readonly waitMs: number } {
  if (nowMs - renewed.byLoopMs >= blockedMs) return { waitMs: everyMs }
  const dueMs = Math.max(renewed.byLoopMs, renewed.besideMs) + lateHeartbeats * everyMs
  return nowMs >= dueMs ? 'renew' : { waitMs: dueMs - nowMs }
}
