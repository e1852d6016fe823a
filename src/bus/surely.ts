import { type Clock, groupDefaults, isTidingsError, sleep } from '../kernel/index.ts'

/**
 * Tries until it succeeds: what cannot be set down safely must not be passed. Rejects only when `goOn` has become
 * false in between, or with `fenced`.
 */
export async function surely<Result>(
  clock: Clock,
  goOn: () => boolean,
  action: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    try {
      return await action()
    } catch (error) {
      if (!goOn() || isTidingsError(error, 'fenced')) throw error
      await sleep(clock, groupDefaults.storeRetryMs)
    }
  }
}
