import { TidingsError } from '../kernel/index.ts'

/** One record that is not known to be stored, and why. */
export interface PublishFailure {
  readonly index: number
  readonly error: Error
}

/** Of `count` records of a call these are not known to be stored: a broker may have some of them all the same. */
export function publishFailed(
  failures: readonly PublishFailure[],
  count: number,
): TidingsError<'publish_failed'> {
  const failed = failures.map(({ index, error }) => ({ index, reason: error.message }))
  const [first] = failures
  const sentence = `${failed.length} of ${count} event(s) are not known to be stored: ${first?.error.message} Publish those again once that is mended.`
  return new TidingsError('publish_failed', sentence, { cause: first?.error, details: { failed } })
}
