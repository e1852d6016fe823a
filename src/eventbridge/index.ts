export { type EventbridgeCapabilities, eventbridgeCapabilities } from './capabilities.ts'
export { EventbridgeEngine, type EventbridgeOptions, eventbridge } from './eventbridge.ts'
export type { EventPattern, QueueOptions, QueuesByGroup } from './group-queues.ts'
