import { type CloudEvent, timestampMs } from '../event/index.ts'
import { TidingsError } from '../kernel/index.ts'
import type { StreamDefinition } from './define-stream.ts'
import { readSnapshot, type SnapshotRule, type SnapshotStore } from './snapshot.ts'
import { streamText } from './stream-name.ts'
import { eventIn, pagesOf, type StreamReads, type Until } from './stream-reader.ts'
import type { StreamId } from './stream-store.ts'

/** How state is made of a stream's events: a decider's `evolve`, an aggregate's `when`. */
export interface Fold<State> {
  readonly stream: StreamDefinition
  /** The state of a stream without events: a new one where `apply` changes it. */
  readonly begin: () => State
  readonly apply: (state: State, event: CloudEvent) => State
  readonly snapshots?: SnapshotRule<State> | undefined
}

export interface Folded<State> {
  readonly state: State
  /** The stream version whose state it is. */
  readonly version: number
}

/** State, and what a snapshot of it has to say beside it. */
export interface Reached<State> extends Folded<State> {
  /** Its last event; undefined for a stream without events. */
  readonly eventId: string | undefined
  /** The latest time of its events, which need not be that of the last. */
  readonly untilMs: number
  /** The version of the snapshot that it is made of; 0 for none. */
  readonly snapshotVersion: number
}

/**
 * The state of a stream, up to a point in time: made of a snapshot where there is one, and of the events after it.
 * @throws `stream_truncated` when events in between are gone; `data_invalid`, `upcast_failed`, `upcast_async`,
 * `version_newer` and `type_unknown` with the place of the event that the code cannot read.
 */
export async function foldStream<State>(
  store: StreamReads & SnapshotStore,
  id: string,
  fold: Fold<State>,
  until: Until = {},
): Promise<Reached<State>> {
  const stream = { name: fold.stream.name, id }
  const snapshot = fold.snapshots && (await readSnapshot(store, stream, fold.snapshots, until))
  const fromSnapshot = snapshot && (await foldFrom(store, stream, fold, snapshot, until))
  if (fromSnapshot !== undefined) return fromSnapshot
  const none = { eventId: undefined, untilMs: Number.NEGATIVE_INFINITY, snapshotVersion: 0 }
  const begin = { state: fold.begin(), version: 0, ...none }
  return (await foldFrom(store, stream, fold, begin, until)) ?? begin
}

/** Undefined where the event of a snapshot is not the one in the stream: it is of another history. */
async function foldFrom<State>(
  store: StreamReads,
  stream: StreamId,
  fold: Fold<State>,
  begin: Reached<State>,
  until: Until,
): Promise<Reached<State> | undefined> {
  let { state, version, eventId, untilMs } = begin
  let isChecked = version === 0
  for await (const page of pagesOf(store, stream, Math.max(1, version), until)) {
    for (const record of page) {
      if (!isChecked) {
        if (record.version !== version || record.id !== eventId) return undefined
        isChecked = true
        continue
      }
      version += 1
      if (record.version !== version) throw truncated(stream, version, record.version)
      state = fold.apply(state, eventIn(fold.stream, record).event)
      eventId = record.id
      if (record.timeMs > untilMs) untilMs = record.timeMs
    }
  }
  return isChecked ? { ...begin, state, version, eventId, untilMs } : undefined
}

/** The state after events that were appended to it. */
export function foldOn<State>(
  fold: Fold<State>,
  before: Reached<State>,
  events: readonly CloudEvent[],
): Reached<State> {
  return {
    ...before,
    state: events.reduce((state, event) => fold.apply(state, event), before.state),
    version: before.version + events.length,
    ...afterEvents(before, events),
  }
}

/** What a snapshot has to say after these events. */
export function afterEvents(
  { eventId, untilMs }: Pick<Reached<unknown>, 'eventId' | 'untilMs'>,
  events: readonly CloudEvent[],
): Pick<Reached<unknown>, 'eventId' | 'untilMs'> {
  const times = events.map(({ time }) => timestampMs(time ?? ''))
  return { eventId: events.at(-1)?.id ?? eventId, untilMs: Math.max(untilMs, ...times) }
}

function truncated(stream: StreamId, missing: number, found: number): TidingsError {
  return new TidingsError(
    'stream_truncated',
    `Stream "${streamText(stream)}" has no version ${missing}, the next one left is ${found}: its state cannot be made of the rest. Keep the events that no snapshot stands in for.`,
  )
}
