export type {
  OutboxFigures,
  OutboxRecord,
  OutboxStore,
  PendingRecord,
  Refusal,
  RefusedRecord,
  RelayTerm,
} from './outbox-store.ts'
