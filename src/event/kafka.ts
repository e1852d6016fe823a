import { utf8Bytes } from './bytes.ts'
import { type CloudEvent, partitionKeyOf } from './cloud-event.ts'
import { type Body, bodyBytes, bodyText, contentModeOf, structuredContentType } from './content-mode.ts'
import { decodeEvent, type EncodedEvent } from './encoded.ts'
import { type HeaderStyle, type HeaderValue, plainHeader, readHeaders, writeHeaders } from './headers.ts'
import { invalidEvent } from './invalid-event.ts'
import { encodeJson } from './json.ts'
import { traceFromHeaders, traceHeaders } from './trace-headers.ts'
import { checkEvent } from './validate.ts'

export interface KafkaMessage {
  /** The partition key; absent for an event without one. */
  readonly key?: string
  readonly headers: Readonly<Record<string, string>>
  /** Null for an event without data in binary mode. A compacted topic takes that as a deletion of the key. */
  readonly value: Uint8Array | null
}

export interface KafkaInput {
  readonly headers:
    | Readonly<Record<string, HeaderValue>>
    | ReadonlyMap<string | Uint8Array, string | Uint8Array>
    | Iterable<readonly [string | Uint8Array, string | Uint8Array | null]>
  readonly value: Body
}

export interface KafkaOptions {
  /** `binary`: attributes as headers, data as the value. `structured`: all in one JSON value. */
  readonly mode: 'binary' | 'structured'
}

const asItIs = (value: string): string => value
/** Values are UTF-8 and not percent-encoded (Kafka binding §3.2.3). */
const kafkaStyle: HeaderStyle = { prefix: 'ce_', encode: asItIs, decode: asItIs, known: new Map() }

/**
 * The key is taken from the event, and the event is not altered by it; its trace context stands in headers of the message,
 * too. @throws as `encodeHttp`.
 */
export function encodeKafka(event: CloudEvent, options: KafkaOptions): KafkaMessage {
  const checked = checkEvent(event)
  const message = options.mode === 'binary' ? binary(checked) : structured(checked)
  const key = partitionKeyOf(checked)
  const headers = { ...message.headers, ...traceHeaders(checked) }
  return key === undefined ? { ...message, headers } : { ...message, key, headers }
}

/**
 * The event of a Kafka message; headers may be text or bytes. In binary mode an event without a trace context has that of
 * the message.
 * @throws `event_invalid` · `json_invalid` · `json_too_deep` · `json_unsafe` · `event_too_large`.
 */
export function decodeKafka(input: KafkaInput): CloudEvent {
  return decodeEvent(readKafka(input))
}

/** The event of a Kafka message before its data is parsed. @throws `event_invalid` for headers that are none of an event. */
export function readKafka({ headers, value }: KafkaInput): EncodedEvent {
  const entries = isIterable(headers) ? [...headers] : Object.entries(headers)
  const attributes = readHeaders(entries, kafkaStyle)
  const contentMode = contentModeOf(attributes.datacontenttype)
  if (contentMode === 'batch') {
    throw invalidEvent([{ path: '', message: 'is a batch, which the Kafka binding does not have' }])
  }
  return contentMode === 'structured'
    ? bodyText(value)
    : {
        attributes: traceFromHeaders(attributes, (name) => plainHeader(entries, name)),
        body: bodyBytes(value),
      }
}

function binary(event: CloudEvent): KafkaMessage {
  const { headers, body } = writeHeaders(event, kafkaStyle)
  return { headers, value: body ?? null }
}

function structured(event: CloudEvent): KafkaMessage {
  return { headers: { 'content-type': structuredContentType }, value: utf8Bytes(encodeJson(event)) }
}

function isIterable(
  headers: KafkaInput['headers'],
): headers is Exclude<KafkaInput['headers'], Readonly<Record<string, HeaderValue>>> {
  return Symbol.iterator in headers
}
