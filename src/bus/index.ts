export type { BatchOptions } from './batch-options.ts'
export { Bus, openBus } from './bus.ts'
export type { BusOptions } from './bus-options.ts'
export type {
  BatchDelivery,
  BatchDeliveryOf,
  BatchOf,
  Delivery,
  DeliveryBatch,
  DeliveryOf,
  TransactionalBatch,
  TransactionalDelivery,
} from './delivery.ts'
export type { Engine } from './engine.ts'
export type { Group } from './group.ts'
export type { GroupOptions } from './group-options.ts'
export { inNamespace } from './namespace.ts'
export type { Outbox } from './outbox.ts'
export type { OutboxOptions } from './outbox-options.ts'
export type { PublishOptions } from './publish-options.ts'
export type { Publisher } from './publisher.ts'
export { type DeliveryReport, type Report, reportFailures } from './report.ts'
export type { RetryPolicy } from './retry.ts'
