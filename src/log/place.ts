import { TidingsError } from '../kernel/index.ts'
import type { PartitionBounds } from './admin.ts'
import type { Start } from './capabilities.ts'
import type { LogStore } from './log-store.ts'

/** What a place is called, as in `replay` of the capabilities. */
export function placeName(place: Start): 'start' | 'end' | 'time' | 'offset' {
  if (typeof place === 'string') return place
  return 'time' in place ? 'time' : 'offset'
}

/** The offset where reading a partition from a place begins. An offset or time beyond either end means that end. */
export async function offsetOfPlace(
  store: Pick<LogStore, 'read'>,
  bounds: PartitionBounds,
  place: Start,
): Promise<number> {
  if (place === 'start') return bounds.begin
  if (place === 'end') return bounds.end
  if ('offset' in place) return Math.min(Math.max(place.offset, bounds.begin), bounds.end)
  return offsetOfTime(store, bounds, timeOf(place.time))
}

function timeOf(time: string | Date): number {
  const ms = typeof time === 'string' ? Date.parse(time) : time.getTime()
  if (Number.isNaN(ms)) {
    throw new TidingsError(
      'option_invalid',
      `${JSON.stringify(time)} is not a time. Write it like 2026-01-31T00:00:00Z.`,
    )
  }
  return ms
}

/** The first offset appended at or after the time: a binary search, since `appendedAt` never decreases. */
async function offsetOfTime(
  store: Pick<LogStore, 'read'>,
  { topic, partition, begin, end }: PartitionBounds,
  timeMs: number,
): Promise<number> {
  let low = begin
  let high = end
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const [record] = await store.read(topic, partition, middle, { maxRecords: 1, maxBytes: 1 })
    if (record === undefined || record.appendedAt >= timeMs) high = middle
    else low = middle + 1
  }
  return low
}
