export { Aggregate, aggregateState, type Snapshotted } from './aggregate.ts'
export { appendedAlready } from './appended-already.ts'
export type { StreamOutbox } from './append.ts'
export type { CommandOptions } from './command-options.ts'
export type { Decider, DeciderFunctions, Decision, NewEventOf } from './decider.ts'
export { type DomainEvent, defineStream, type StreamDefinition } from './define-stream.ts'
export { differencesOf, type StateChange, type StateDifference } from './difference.ts'
export type { Cause } from './domain-events.ts'
export { checkVersion, duplicateEvent, type ExpectedVersionError } from './expected-version.ts'
export { type Mapped, type Mapping, mapEvent, mapEvents } from './mapping.ts'
export type { Moment } from './moment.ts'
export { defineProjection, type Projection, type ProjectionFunctions } from './projection.ts'
export { checkpointElsewhere, notBuilding } from './projection-fence.ts'
export type { Checkpoint, ProjectionBuild, ProjectionStore } from './projection-store.ts'
export {
  openProjections,
  type ProjectedStreams,
  type ProjectionProgress,
  type Projections,
  type ProjectionsOptions,
  type ProjectionStatus,
  type RebuildOptions,
} from './projections.ts'
export type { ReadAllOptions, ReadOptions, RecordedEvent } from './read.ts'
export { type Rehearsed, rehearseAggregate, rehearseDecider } from './rehearse.ts'
export type { Repository, StreamRepository } from './repository.ts'
export type { Folded } from './fold.ts'
export type { SnapshotOptions } from './snapshot-options.ts'
export type { RepositoryOptions } from './stream-repository.ts'
export { streamText } from './stream-name.ts'
export type {
  Appended,
  AppendOptions,
  ExpectedVersion,
  ReadStream,
  StoredSnapshot,
  StreamEvent,
  StreamId,
  StreamRecord,
  StreamStore,
  StreamSummary,
} from './stream-store.ts'
export { type AppendStreamOptions, openStreams, type Streams } from './streams.ts'
export type { StreamsOptions } from './streams-options.ts'
export {
  type AggregateTable,
  openTables,
  type RowVersions,
  type Tables,
  type TablesOptions,
} from './tables.ts'
export type { PointInTime } from './time-travel.ts'
