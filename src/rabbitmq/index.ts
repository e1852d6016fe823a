export { type RabbitmqCapabilities, rabbitmqCapabilities } from './capabilities.ts'
export type { ForeignMessages } from './message-decoder.ts'
export { RabbitmqEngine, type RabbitmqOptions, rabbitmq } from './rabbitmq.ts'
