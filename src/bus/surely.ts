import { type Clock, groupDefaults, isTidingsError, sleep } from '../kernel/index.ts'

/**
 * Tries until it succeeds: what cannot be set down safely must not be passed. Rejects only when `goOn` has become
 * false in between, or with `fenced`. When the member stops, it is tried once more at once.
 */
export async function surely<Result>(
  clock: Clock,
  stopping: AbortSignal,
  goOn: () => boolean,
  action: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    try {
      return await action()
    } catch (error) {
      if (!goOn() || isTidingsError(error, 'fenced')) throw error
      await sleep(clock, groupDefaults.storeRetryMs, stopping)
    }
  }
}
