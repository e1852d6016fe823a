export type { OutboxFigures, OutboxRecord, OutboxStore, PendingRecord, RelayTerm } from './outbox-store.ts'
