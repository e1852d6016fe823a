export type {
  OutboxFigures,
  OutboxRecord,
  OutboxStore,
  PendingRecord,
  Refusal,
  RelayTerm,
  SetAsideRecord,
} from './outbox-store.ts'
