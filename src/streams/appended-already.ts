import { duplicateEvent } from './expected-version.ts'
import type { StreamEvent, StreamId } from './stream-store.ts'

/**
 * For stores: whether an append was made before. Gives the version of its last event when all events are there, in this
 * stream and one after the other as now; undefined when none is there.
 * @param placeOf where the event of an id is.
 * @throws `event_duplicate` for anything in between, and for an id that two of the events have.
 */
export function appendedAlready(
  stream: StreamId,
  events: readonly Pick<StreamEvent, 'id'>[],
  placeOf: (eventId: string) => { readonly stream: StreamId; readonly version: number } | undefined,
): number | undefined {
  const places = events.map(({ id }) => placeOf(id))
  const first = places[0]
  const isThere = places.every(
    (place, index) =>
      place !== undefined &&
      place.stream.name === stream.name &&
      place.stream.id === stream.id &&
      place.version === (first?.version ?? 0) + index,
  )
  if (isThere) return places.at(-1)?.version
  const ids = events.map(({ id }) => id)
  const taken = ids.filter((id, index) => places[index] !== undefined || ids.indexOf(id) < index)
  if (taken.length > 0) throw duplicateEvent(stream, taken)
  return undefined
}
