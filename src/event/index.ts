export {
  type AmqpInput,
  type AmqpMessage,
  type AmqpOptions,
  decodeAmqp,
  encodeAmqp,
  readAmqp,
} from './amqp.ts'
export { checkJsonText } from '../kernel/index.ts'
export {
  type AttributeValue,
  causedBy,
  type CloudEvent,
  type EventIdentity,
  eventKey,
  extension,
  partitionKeyOf,
  sameEvent,
} from './cloud-event.ts'
export { structuredContentType } from './content-mode.ts'
export { type BinaryEvent, decodeEvent, type EncodedEvent, encodeBinary } from './encoded.ts'
export { currentFlow, currentTrace, type Flow, lookForTraces, runInFlow } from './flow.ts'
export {
  encodeEventBridge,
  type EventBridgeEntry,
  type EventBridgeInput,
  readEventBridge,
} from './eventbridge.ts'
export {
  decodeHttp,
  encodeHttp,
  encodeHttpBatch,
  type HttpInput,
  type HttpMessage,
  type HttpOptions,
} from './http.ts'
export { decodeJson, decodeJsonBatch, encodeJson, encodeJsonBatch, readJson } from './json.ts'
export { type JsonBounds, parseJson } from './json-text.ts'
export {
  decodeKafka,
  encodeKafka,
  type KafkaInput,
  type KafkaMessage,
  type KafkaOptions,
  readKafka,
} from './kafka.ts'
export { isTimestamp, timestampMs } from './timestamp.ts'
export { readTraceContext, sampledFlag, type TraceContext, traceparentOf } from './trace-context.ts'
export { createTraceIds, type TraceIds } from './trace-ids.ts'
export { checkEvent, eventIssues, isAttributeText } from './validate.ts'
