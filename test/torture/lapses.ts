import type { Entry } from './history.ts'

/** How late a look may see that a lease has ended. */
const graceUs = 250_000

/**
 * When the leases of living processes have ended, because the machine was too busy to renew them. A handler that is at
 * work then cannot be stopped in the instant: that others begin the event is no fault. In a process that was paused the
 * end of the lease is wanted, and excuses nothing.
 */
export class Lapses {
  readonly #at = new Map<string, number[]>()

  constructor(history: readonly Entry[]) {
    const paused = new Set(history.flatMap((entry) => (entry.kind === 'paused' ? [entry.target] : [])))
    for (const entry of history) {
      if (entry.kind !== 'lapsed' || paused.has(entry.target)) continue
      this.#at.set(entry.target, [...(this.#at.get(entry.target) ?? []), entry.atUs])
    }
  }

  /** Whether the lease of a process ended while it was at something that it began at one time and that others began at another. */
  between(process: string, fromUs: number, toUs: number): boolean {
    return this.seenBetween(process, fromUs, toUs + graceUs)
  }

  /** The same, without regard to how late it may be seen. */
  seenBetween(process: string, fromUs: number, toUs: number): boolean {
    return (this.#at.get(process) ?? []).some((atUs) => fromUs <= atUs && atUs <= toUs)
  }
}
