/// <reference types="node" preserve="true" />
export { type Bus, type Delivery, openBus, type Publisher } from './bus/index.ts'
export { defineCatalog, defineEvent, defineTopic, type EventOf } from './catalog/index.ts'
export {
  type Config,
  defineConfig,
  type ProjectionsConfig,
  type StreamsConfig,
  type StreamSubject,
} from './config.ts'
export {
  type ConnectOptions,
  connect,
  connectDeadLetters,
  connectOutbox,
  connectProjections,
  connectRegistry,
  connectSchemaStore,
  connectStreams,
} from './connect.ts'
export type { CloudEvent } from './event/index.ts'
export {
  constant,
  durationMs,
  durationText,
  type ErrorCode,
  exponential,
  isTidingsError,
  limits,
  TidingsError,
} from './kernel/index.ts'
export { jsonSchema } from './schema/index.ts'
