export { type ContractCases, type ContractOptions, runContract, type TestRunner } from './contract.ts'
export { type DeadLetterStoreContext, deadLetterStoreContract } from './dead-letter-store-contract.ts'
export { given } from './given.ts'
export type {
  CommandOutcome,
  Decided,
  Expectation,
  GivenAggregate,
  GivenState,
  Refusal,
} from './given-state.ts'
export type { GivenEvents, HandlerOutcome } from './given-events.ts'
export { Harness, type HarnessGroup, type HarnessOptions, harness } from './harness.ts'
export { type InboxStoreContext, inboxStoreContract } from './inbox-store-contract.ts'
export { type LogStoreContext, logStoreContract } from './log-store-contract.ts'
export { type OutboxStoreContext, outboxStoreContract } from './outbox-store-contract.ts'
export { type ProjectionStoreContext, projectionStoreContract } from './projection-store-contract.ts'
export { type SchemaStoreContext, schemaStoreContract } from './schema-store-contract.ts'
export type { StreamStoreContext } from './stream-store-context.ts'
export { streamStoreContract } from './stream-store-contract.ts'
export type { TransportContext } from './transport-context.ts'
export { type TransportContractOptions, transportContract } from './transport-contract.ts'
export { settle, VirtualClock } from './virtual-clock.ts'
