export type {
  Fence,
  InboxClaim,
  InboxKey,
  InboxStore,
  Synchronous,
  TransactionIsSynchronous,
} from './inbox-store.ts'
