import { type Clock, isTidingsError, limits, type Random, sleep } from '../kernel/index.ts'

/**
 * Runs again what was refused because others appended first, at most `limits.executeAttempts` times. A wait is anything
 * between nothing and a bound that doubles: those who meet again and again spread out, and since the bound is short,
 * whoever lost often comes as soon as others do.
 * @throws what `run` throws; `expected_version` when it has met others every time.
 */
export async function retryConflicts<Result>(
  run: () => Promise<Result>,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (!isTidingsError(error, 'expected_version') || attempt === limits.executeAttempts) throw error
    }
    await sleep(clock, random.next() * longestWaitMs(attempt))
  }
}

function longestWaitMs(attempt: number): number {
  const doubled = limits.executeFirstBackoffMs * 2 ** Math.min(attempt, 30)
  return Math.min(limits.executeLongestBackoffMs, doubled)
}
