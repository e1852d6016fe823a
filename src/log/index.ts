export type {
  GroupInfo,
  PartitionBounds,
  PartitionLag,
  Retention,
  SeekOptions,
  TopicSettings,
  TransportAdmin,
} from './admin.ts'
export {
  type Capabilities,
  type EngineLacks,
  type LogStoreCapabilities,
  logStoreCapabilities,
  type Needs,
  type ReadableOffset,
  type Start,
  type TransactionOf,
} from './capabilities.ts'
export { capabilityMissing } from './capability-missing.ts'
export { type Fence, fencedBy } from './fence.ts'
export { fitting } from './fitting.ts'
export {
  assign,
  emptyGroup,
  type GroupState,
  type Held,
  type Member,
  prolonged,
  type Rewind,
  vacated,
} from './group.ts'
export { applyRetention } from './housekeeping.ts'
export { type KeptLease, keptByLoop, type Lease } from './lease.ts'
export { LeaseKeeper } from './lease-keeper.ts'
export { keepLeases, prolong } from './lease-loop.ts'
export { partitionLag } from './lag.ts'
export { groupMissing, LogAdmin, rewindRefused } from './log-admin.ts'
export type { AppendRecord, Change, LoadedGroup, LogStore, StoredCommit } from './log-store.ts'
export { LogTransport } from './log-transport.ts'
export { checkMember, heldName, isFinal, Membership } from './membership.ts'
export { OwnedPartitions } from './owned-partitions.ts'
export { partitionName, partitionOf } from './partitioner.ts'
export { type GroupPart, isPaused, withPaused, withResumed } from './pause.ts'
export { placeName } from './place.ts'
export type { DurabilityFinding, Probe } from './probe.ts'
export { type PublishFailure, publishFailed } from './publish-failed.ts'
export type {
  Assignment,
  Batch,
  Commit,
  OutgoingRecord,
  Progress,
  StoredRecord,
  SubscribeRequest,
  Subscription,
  Transport,
} from './transport.ts'
export { type FinishedRange, Watermark } from './watermark.ts'
