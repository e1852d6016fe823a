import { isTidingsError } from '../kernel/index.ts'
import type { Appended, ExpectedVersion, StreamEvent, StreamId, StreamStore } from '../streams/index.ts'
import type { VirtualClock } from './virtual-clock.ts'

export interface StreamStoreContext extends AsyncDisposable {
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever its transactions are
  readonly store: StreamStore<any>
  /** The store's own clock. */
  readonly clock: VirtualClock
  /** Writes a row of the caller's through the transaction of an append: returns as the store's writes do. */
  write(tx: unknown, row: string): void | Promise<void>
  /** The rows that were written so, in order. */
  rows(): Promise<readonly string[]>
}

export const order7: StreamId = { name: 'order', id: '7' }
export const order8: StreamId = { name: 'order', id: '8' }
export const cart7: StreamId = { name: 'cart', id: '7' }

export function eventOf(id: string, timeMs = 1_000): StreamEvent {
  return { id, type: 'happened', timeMs, body: JSON.stringify({ id, text: 'ä "quoted"' }) }
}

/** Appends events of these ids. */
export function append(
  { store }: StreamStoreContext,
  stream: StreamId,
  ids: readonly string[],
  expected: ExpectedVersion = 'any',
): Promise<Appended> {
  return store.append(
    stream,
    ids.map((id) => eventOf(id)),
    { expected },
  )
}

/** The ids of a stream's events, in order. */
export async function idsOf({ store }: StreamStoreContext, stream: StreamId): Promise<readonly string[]> {
  return (await store.read(stream, { limit: 1_000 })).map(({ id }) => id)
}

/** An `expected_version` with these versions. */
export function conflict(expected: ExpectedVersion, actual: number): (error: unknown) => boolean {
  return (error) =>
    isTidingsError(error, 'expected_version') &&
    error.details.expected === expected &&
    error.details.actual === actual
}
