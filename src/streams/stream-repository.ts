import type { Appended, StreamId } from './stream-store.ts'
import type { CloudEvent } from '../event/index.ts'
import { checkOptionNames, TidingsError } from '../kernel/index.ts'
import { type Aggregate, aggregateState, handleOf, isSnapshotted, type Snapshotted } from './aggregate.ts'
import type { StreamDefinition } from './define-stream.ts'
import { differencesOf } from './difference.ts'
import type { Cause } from './domain-events.ts'
import { afterEvents, type Fold, foldStream, type Reached } from './fold.ts'
import { type RepositoryParts, repositoryOf, type StreamRepository } from './repository.ts'
import {
  dueSnapshot,
  saveDueSnapshot,
  type SnapshotRule,
  type SnapshotStore,
  writeSnapshot,
} from './snapshot.ts'
import { checkSnapshots, type SnapshotOptions, snapshotKey } from './snapshot-options.ts'
import type { StreamReads } from './stream-reader.ts'
import { isNow, untilOf } from './time-travel.ts'

export interface RepositoryOptions<A> {
  /**
   * Saves the state now and then, of an aggregate with `toSnapshot` and `fromSnapshot`. Default: all events are read each
   * time.
   */
  readonly snapshots?: (A extends Snapshotted ? SnapshotOptions : NeedsSnapshotMethods) | undefined
}

declare const reason: unique symbol
/** No value has this type: it stands in a compile error as the reason. */
export interface NeedsSnapshotMethods {
  readonly [reason]: 'the aggregate has no toSnapshot and fromSnapshot'
}

export interface StreamRepositoryParts<A> extends Pick<RepositoryParts<A>, 'origin' | 'turns' | 'isDone'> {
  readonly store: StreamReads & SnapshotStore
  readonly appendTo: (
    stream: StreamId,
    events: readonly CloudEvent[],
    options: { readonly expected: number; readonly cause: Cause | undefined },
  ) => Promise<Appended>
}

/** Aggregates that are kept as their events. */
export function streamRepository<A extends Aggregate>(
  stream: StreamDefinition,
  aggregate: new (id: string) => A,
  options: RepositoryOptions<A>,
  { store, appendTo, ...parts }: StreamRepositoryParts<A>,
): StreamRepository<A> {
  checkOptionNames('repository', options, { snapshots: true })
  const { snapshots } = options as { readonly snapshots?: SnapshotOptions | undefined }
  if (snapshots !== undefined) checkRepositorySnapshots(aggregate, snapshots)
  /** What was loaded, for the snapshot that may be due when it is saved. */
  const reached = new WeakMap<A, Reached<A>>()
  const foldOf = (id: string): Fold<A> => ({
    stream,
    begin: () => new aggregate(id),
    apply(state, event) {
      handleOf(state).replay(event)
      return state
    },
    snapshots: snapshots && snapshotRule(stream, aggregate, id, snapshots),
  })
  const repository = repositoryOf<A>({
    ...parts,
    stream,
    async restore(id, point) {
      const fold = foldOf(id)
      const until = untilOf(point)
      const restored = await foldStream(store, id, fold, until)
      const kept = isNow(until)
        ? await saveDueSnapshot(store, { name: stream.name, id }, fold.snapshots, restored)
        : restored
      reached.set(restored.state, kept)
      return restored
    },
    async append(changed, raised, how) {
      const streamId = { name: stream.name, id: changed.id }
      const before = reached.get(changed)
      const { version: expected } = changed
      const rule = foldOf(changed.id).snapshots
      const after = before && { ...before, version: expected + raised.length, ...afterEvents(before, raised) }
      const due = after && dueSnapshot(streamId, rule, after)
      const { version } = await appendTo(streamId, raised, how)
      if (after !== undefined)
        reached.set(changed, due === undefined ? after : { ...after, snapshotVersion: version })
      if (due !== undefined && rule !== undefined)
        await writeSnapshot(store, streamId, rule.key, { version, state: due })
      return version
    },
  })
  return {
    ...repository,
    async diff(id, from, to) {
      const [before, after] = await Promise.all([repository.load(id, from), repository.load(id, to)])
      const states = [before, after].map((each) => ({ state: aggregateState(each), version: each.version }))
      const [first, second] = states as [Reached<unknown>, Reached<unknown>]
      return { from: first, to: second, changes: differencesOf(first.state, second.state) }
    },
  }
}

function snapshotRule<A extends Aggregate>(
  stream: StreamDefinition,
  aggregate: new (id: string) => A,
  id: string,
  snapshots: SnapshotOptions,
): SnapshotRule<A> {
  return {
    every: snapshots.every,
    key: snapshotKey(stream, aggregate.name, snapshots),
    save: aggregateState,
    restore(saved) {
      const made = new aggregate(id)
      // It was saved under the key of this class, so it is what the class saves.
      if (isSnapshotted(made)) made.fromSnapshot(saved as never)
      return made
    },
  }
}

function checkRepositorySnapshots(
  aggregate: new (id: string) => Aggregate,
  snapshots: SnapshotOptions,
): void {
  checkSnapshots(`the repository of ${aggregate.name}`, snapshots)
  if (isSnapshotted(aggregate.prototype)) return
  throw new TidingsError(
    'option_invalid',
    `${aggregate.name} has no toSnapshot and fromSnapshot. Give it both, or leave snapshots out.`,
  )
}
