import { InvalidArgumentError } from 'commander'
import { durationMs, isTidingsError } from '../index.ts'

/** Parses an option that is a length of time, to ms. */
export function lengthOfTime(text: string): number {
  try {
    return durationMs(text as Parameters<typeof durationMs>[0])
  } catch (error) {
    if (!isTidingsError(error)) throw error
    throw new InvalidArgumentError('It is a length of time like 500ms, 30s, 5m or 12h')
  }
}
