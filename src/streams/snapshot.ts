import { TidingsError, toError } from '../kernel/index.ts'
import type { Reached } from './fold.ts'
import { plainFault } from './plain-state.ts'
import { streamText } from './stream-name.ts'
import type { Until } from './stream-reader.ts'
import type { StreamId, StreamStore } from './stream-store.ts'

/** What of a store snapshots take, whatever its transactions are. */
export type SnapshotStore = Pick<StreamStore, 'loadSnapshot' | 'saveSnapshot'>

/** When state is saved, under which key, and how. */
export interface SnapshotRule<State> {
  readonly every: number
  readonly key: string
  /** What is saved of the state: what JSON can hold. */
  readonly save: (state: State) => unknown
  readonly restore: (saved: unknown) => State
}

interface SavedState {
  readonly eventId: string
  readonly untilMs: number
  readonly state: unknown
}

/**
 * The newest snapshot, where it is of that point in time or before. Undefined for none, and for one that cannot be
 * restored: state is then made of all events.
 */
export async function readSnapshot<State>(
  store: SnapshotStore,
  stream: StreamId,
  { key, restore }: SnapshotRule<State>,
  until: Until,
): Promise<Reached<State> | undefined> {
  const stored = await store.loadSnapshot(stream, key)
  if (stored === undefined || stored.version > (until.version ?? Number.POSITIVE_INFINITY)) return undefined
  try {
    const saved: SavedState = JSON.parse(stored.state)
    if (saved.untilMs > (until.asOfMs ?? Number.POSITIVE_INFINITY)) return undefined
    const { version } = stored
    const { eventId, untilMs } = saved
    return { state: restore(saved.state), version, eventId, untilMs, snapshotVersion: version }
  } catch (error) {
    warn(stream, 'could not be restored, and its state is made of all events', error)
    return undefined
  }
}

/**
 * The snapshot of a state that is due, as it is to be written; undefined where none is. Taken before anything is awaited:
 * an aggregate may change in the meantime.
 */
export function dueSnapshot<State>(
  stream: StreamId,
  rule: SnapshotRule<State> | undefined,
  { state, version, eventId, untilMs, snapshotVersion }: Reached<State>,
): string | undefined {
  if (rule === undefined || eventId === undefined || version - snapshotVersion < rule.every) return undefined
  try {
    const saved = rule.save(state)
    const fault = plainFault(saved)
    if (fault !== undefined) throw new TypeError(fault)
    return JSON.stringify({ eventId, untilMs, state: saved } satisfies SavedState)
  } catch (error) {
    warn(stream, 'could not be saved, and loading it reads all events', error)
    return undefined
  }
}

/** Saves the snapshot of a state that is due. Gives the state as it is then. */
export async function saveDueSnapshot<State>(
  store: SnapshotStore,
  stream: StreamId,
  rule: SnapshotRule<State> | undefined,
  reached: Reached<State>,
): Promise<Reached<State>> {
  const state = dueSnapshot(stream, rule, reached)
  if (state === undefined || rule === undefined) return reached
  const { version } = reached
  await writeSnapshot(store, stream, rule.key, { version, state })
  return { ...reached, snapshotVersion: version }
}

/** Nothing depends on a snapshot: what was appended stays appended when it cannot be written. */
export async function writeSnapshot(
  store: SnapshotStore,
  stream: StreamId,
  key: string,
  snapshot: { readonly version: number; readonly state: string },
): Promise<void> {
  try {
    await store.saveSnapshot(stream, key, snapshot)
  } catch (error) {
    warn(stream, 'could not be saved, and loading it reads all events', error)
  }
}

function warn(stream: StreamId, what: string, cause: unknown): void {
  const sentence = `The snapshot of stream "${streamText(stream)}" ${what}: ${toError(cause).message}. Nothing else is lost.`
  process.emitWarning(new TidingsError('snapshot_failed', sentence, { cause }))
}
