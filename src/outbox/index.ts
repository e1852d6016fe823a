export { fencedRelay } from './fenced-relay.ts'
export type {
  OutboxFigures,
  OutboxRecord,
  OutboxStore,
  PendingRecord,
  Refusal,
  RefusedRecord,
  RelayTerm,
} from './outbox-store.ts'
export { Relay, type RelayOptions } from './relay.ts'
export type { RelayReport } from './relay-report.ts'
