export type {
  DeliveryEntry,
  DeliveryOutcome,
  ErrorEntry,
  EventEntry,
  HealthEntry,
} from './entries.ts'
export { errorEntryOf } from './error-entry.ts'
export {
  type DeliveriesData,
  deliveriesReported,
  healthReported,
  journalCatalog,
  journalTopic,
} from './journal-events.ts'
export { JournalReader } from './journal-reader.ts'
export type {
  ErrorCount,
  JournalGap,
  JournalPart,
  JournalPosition,
  JournalView,
  Newest,
} from './journal-view.ts'
export { JournalWriter, type Reported } from './journal-writer.ts'
export { type TracedEvent, type TracedGroup, traceTree, waitedMs } from './trace-tree.ts'
