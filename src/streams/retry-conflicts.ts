import { type Clock, isTidingsError, limits, type Random, sleep } from '../kernel/index.ts'

/**
 * Runs again what was refused because others appended first, at most `limits.executeAttempts` times. A wait is anything
 * between nothing and a bound. The bound doubles at first, so that those who meet spread out, and shrinks again after
 * `limits.executeLongestBackoffMs`: whoever has lost more often comes sooner than others do.
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
  const { executeFirstBackoffMs: firstMs, executeLongestBackoffMs: longestMs } = limits
  const doublings = Math.ceil(Math.log2(longestMs / firstMs))
  return attempt <= doublings ? firstMs * 2 ** attempt : (longestMs * doublings) / attempt
}
