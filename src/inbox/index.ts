export type {
  InboxClaim,
  InboxKey,
  InboxStore,
  Synchronous,
  TransactionIsSynchronous,
} from './inbox-store.ts'
