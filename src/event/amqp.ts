import { utf8Bytes } from './bytes.ts'
import { type CloudEvent, isAttributeName } from './cloud-event.ts'
import { type Body, bodyBytes, bodyText, contentModeOf, structuredContentType } from './content-mode.ts'
import { decodeEvent, type EncodedEvent, encodeBinary, notAnAttribute } from './encoded.ts'
import { bodyContentType } from './headers.ts'
import { invalidEvent } from './invalid-event.ts'
import { encodeJson } from './json.ts'
import { traceFromHeaders, traceHeaders } from './trace-headers.ts'
import { checkEvent } from './validate.ts'

/** A message of AMQP 0-9-1: the properties that carry an event, and the content. */
export interface AmqpMessage {
  readonly contentType: string | undefined
  /** The event's id, for tools that show it; undefined for one that does not fit into this property. */
  readonly messageId: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Empty for an event without data. */
  readonly content: Uint8Array
}

/** What was received. Header values may be what AMQP has types for; those of others are left alone. */
export interface AmqpInput {
  readonly contentType?: string | undefined
  readonly headers?: Readonly<Record<string, unknown>> | undefined
  readonly content: Body
}

export interface AmqpOptions {
  /** `binary`: attributes as headers, data as the content. `structured`: all in one JSON content. */
  readonly mode: 'binary' | 'structured'
}

/** Written (AMQP binding 1.0.2 §3.1.3.1); `cloudEvents_`, which later texts prefer, is read, too. */
const written = 'cloudEvents:'
const prefix = /^cloudEvents[:_]/
/** What a property holds, in bytes of UTF-8; headers hold more. */
const propertyBytes = 255

/**
 * The event as a message of AMQP 0-9-1, which has no binding of its own: the names are those of the binding for AMQP 1.0,
 * as headers; the trace context stands under its plain names, too. @throws as `encodeHttp`.
 */
export function encodeAmqp(event: CloudEvent, options: AmqpOptions): AmqpMessage {
  const checked = checkEvent(event)
  const message = options.mode === 'binary' ? binary(checked) : structured(checked)
  return { ...message, headers: { ...message.headers, ...traceHeaders(checked) } }
}

/**
 * The event of a message in either content mode. In binary mode an event without a trace context has that of the message.
 * @throws `event_invalid` · `json_invalid` · `json_too_deep` · `json_unsafe` · `event_too_large`.
 */
export function decodeAmqp(input: AmqpInput): CloudEvent {
  return decodeEvent(readAmqp(input))
}

/** The event of a message before its data is parsed. @throws `event_invalid` for headers that are none of an event. */
export function readAmqp({ contentType, headers = {}, content }: AmqpInput): EncodedEvent {
  const contentMode = contentModeOf(contentType)
  if (contentMode === 'batch') {
    throw invalidEvent([{ path: '', message: 'is a batch, which the AMQP binding does not have' }])
  }
  if (contentMode === 'structured') return bodyText(content)
  const attributes = attributesIn(headers)
  if (contentType !== undefined) attributes['datacontenttype'] = contentType
  // Without a media type there is nothing that an empty content could be.
  const hasData = contentType !== undefined || Boolean(content?.length)
  const traced = traceFromHeaders(attributes, (name) => textHeader(headers, name))
  return { attributes: traced, body: hasData ? bodyBytes(content) : undefined }
}

function textHeader(headers: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}

function binary(event: CloudEvent): AmqpMessage {
  const { attributes, body } = encodeBinary(event)
  const headers: Record<string, string> = {}
  let contentType: string | undefined
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'datacontenttype') contentType = propertyOf(bodyContentType(value))
    else headers[written + name] = value
  }
  return { contentType, messageId: messageIdOf(event), headers, content: body ?? new Uint8Array() }
}

function structured(event: CloudEvent): AmqpMessage {
  const content = utf8Bytes(encodeJson(event))
  return { contentType: structuredContentType, messageId: messageIdOf(event), headers: {}, content }
}

function messageIdOf({ id }: CloudEvent): string | undefined {
  return Buffer.byteLength(id) <= propertyBytes ? id : undefined
}

function propertyOf(contentType: string): string {
  if (contentType.length <= propertyBytes) return contentType
  const message = `has more than ${propertyBytes} characters, which only structured mode can carry`
  throw invalidEvent([{ path: '/datacontenttype', message }])
}

function attributesIn(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const [header, value] of Object.entries(headers)) {
    if (!prefix.test(header) || value === undefined || value === null) continue
    const name = header.slice(written.length)
    if (name === 'datacontenttype') throw refused(header, 'must be the property content-type')
    if (!isAttributeName(name)) throw notAnAttribute(name)
    if (Object.hasOwn(attributes, name)) throw refused(header, 'appears twice')
    attributes[name] = textOf(header, value)
  }
  return attributes
}

/** Attributes may come as text or as what AMQP has a type for (AMQP binding §2.2). */
function textOf(header: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean' || Number.isSafeInteger(value)) return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  const seconds = timestampOf(value)
  if (seconds !== undefined) return new Date(seconds * 1_000).toISOString()
  throw refused(header, 'has a value that no attribute can have')
}

/** As `amqplib` and others show the type `timestamp`: seconds since the Unix epoch. */
function timestampOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || !('value' in value)) return undefined
  if (!('!' in value) || value['!'] !== 'timestamp' || typeof value.value !== 'number') return undefined
  return value.value >= 0 && value.value <= latestSecond ? value.value : undefined
}

/** The last one that RFC 3339 can write. */
const latestSecond = Date.UTC(9_999, 11, 31) / 1_000

function refused(header: string, fault: string): Error {
  return invalidEvent([{ path: '', message: `has the header ${header.slice(0, 80)}, which ${fault}` }])
}
