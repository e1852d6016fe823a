export type { Checkpoint, ProjectionBuild, ProjectionStore } from './projection-store.ts'
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
