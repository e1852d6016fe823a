import { shown, TidingsError } from '../kernel/index.ts'
import { streamText } from './stream-name.ts'
import type { ExpectedVersion, StreamId } from './stream-store.ts'

/** Somebody else appended first. `isTidingsError(error, 'expected_version')` tells it; `details` has both versions. */
export type ExpectedVersionError = TidingsError<'expected_version'>

/** @throws `option_invalid` for what no stream can be at. */
export function checkExpected(expected: ExpectedVersion): void {
  if (expected === 'any' || expected === 'empty' || expected === 'exists') return
  if (Number.isSafeInteger(expected) && expected >= 0) return
  throw new TidingsError(
    'option_invalid',
    `A stream cannot be expected at version ${shown(expected)}. Give a whole number from 0, 'any', 'empty' or 'exists'.`,
  )
}

/** For stores: what is expected of a stream, against its version. @throws `expected_version` */
export function checkVersion(stream: StreamId, expected: ExpectedVersion, actual: number): void {
  if (expected === actual || expected === 'any') return
  if (expected === 'empty' && actual === 0) return
  if (expected === 'exists' && actual > 0) return
  throw expectedVersionError(stream, expected, actual)
}

export function expectedVersionError(
  stream: StreamId,
  expected: ExpectedVersion,
  actual: number,
): ExpectedVersionError {
  const not =
    expected === 'exists' ? 'so it does not exist' : `not ${expected === 'empty' ? 'empty' : expected}`
  return new TidingsError(
    'expected_version',
    `stream "${streamText(stream)}" is at version ${actual}, ${not}. Reload it and decide again.`,
    { details: { expected, actual } },
  )
}

/** For stores: what an append says of events whose ids are taken. */
export function duplicateEvent(stream: StreamId, ids: readonly string[]): TidingsError<'event_duplicate'> {
  return new TidingsError(
    'event_duplicate',
    `Of the events for stream "${streamText(stream)}" ${ids.length === 1 ? `the id "${ids[0]}" is` : `${ids.length} ids, "${ids[0]}" among them, are`} taken, by other events or in another stream. Nothing was appended. Give each event an id of its own.`,
  )
}
