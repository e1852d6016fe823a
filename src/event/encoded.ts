import { limits } from '../kernel/index.ts'
import { base64Text, utf8Bytes, utf8Text } from './bytes.ts'
import { type AttributeValue, type CloudEvent, isAttributeName, isAttributeValue } from './cloud-event.ts'
import { invalidEvent } from './invalid-event.ts'
import { decodeJson } from './json.ts'
import { tooLarge } from './json-size.ts'
import { dataBounds, parseJson, stringifyJson } from './json-text.ts'
import { isJsonMediaType, isTextMediaType, isUtf8MediaType } from './media-type.ts'
import { checkEvent } from './validate.ts'

/** An event in binary content mode, whatever carries it: attributes as canonical text, data as bytes. */
export interface BinaryEvent {
  /** By CloudEvents name, without a prefix; the media type of the body is `datacontenttype`. */
  readonly attributes: Readonly<Record<string, string>>
  /** Undefined for an event without data. */
  readonly body: Uint8Array | undefined
}

/** An event as it travels: structured JSON text, or in binary content mode. */
export type EncodedEvent = string | BinaryEvent

/**
 * In binary mode JSON bodies are parsed, `text/*` in UTF-8 becomes a string, everything else stays bytes; attributes
 * stay text, because headers carry no types.
 * @throws `event_invalid` · `json_invalid` · `json_too_deep` · `json_unsafe` · `event_too_large`.
 */
export function decodeEvent(encoded: EncodedEvent): CloudEvent {
  if (typeof encoded === 'string') return decodeJson(encoded)
  checkBinarySize(encoded)
  const event = checkEvent(attributesOnly(encoded.attributes))
  const data = decodeBody(encoded.body, event.datacontenttype)
  return data === undefined ? event : { ...event, data }
}

/**
 * The event in binary content mode. Without `datacontenttype` it says `application/json`, unless data is bytes
 * (JSON format §3.1.2). The attributes are taken as they are.
 * @throws `event_invalid` for data that its media type cannot hold · `json_too_deep` · `json_unsafe` · `event_too_large`.
 */
export function encodeBinary(event: CloudEvent): BinaryEvent {
  const attributes: Record<string, string> = {}
  for (const name in event) {
    const value: unknown = event[name as keyof CloudEvent]
    if (name !== 'data' && isAttributeValue(value)) attributes[name] = canonicalText(value)
  }
  if (event.data === undefined) return { attributes, body: undefined }
  if (event.data instanceof Uint8Array) return { attributes, body: event.data }
  const contentType = (attributes.datacontenttype ??= 'application/json')
  return { attributes, body: utf8Bytes(bodyText(event.data, contentType)) }
}

function canonicalText(value: AttributeValue): string {
  return value instanceof Uint8Array ? base64Text(value) : String(value)
}

function bodyText(data: unknown, contentType: string): string {
  if (isJsonMediaType(contentType)) return stringifyJson(data, '/data', dataBounds)
  if (typeof data === 'string' && data.isWellFormed() && isUtf8MediaType(contentType)) return data
  throw invalidEvent([
    { path: '/data', message: `must be UTF-8 text or bytes, because datacontenttype is ${contentType}` },
  ])
}

function attributesOnly(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const event: Record<string, string> = {}
  for (const [name, value] of Object.entries(attributes)) {
    if (!isAttributeName(name)) throw notAnAttribute(name)
    event[name] = value
  }
  return event
}

/** The error for a header, or another name from outside, that no attribute can have. */
export function notAnAttribute(name: string): Error {
  return invalidEvent([
    {
      path: '',
      message: `has an attribute ${JSON.stringify(name.slice(0, 80))}: names are lower-case letters and digits, and not "data"`,
    },
  ])
}

function decodeBody(body: Uint8Array | undefined, contentType: string | undefined): unknown {
  if (body === undefined) return undefined
  if (contentType !== undefined && isJsonMediaType(contentType)) {
    return body.length === 0 ? undefined : parseJson(requiredText(body), dataBounds)
  }
  const isText = contentType !== undefined && isTextMediaType(contentType) && isUtf8MediaType(contentType)
  return isText ? requiredText(body) : new Uint8Array(body)
}

function requiredText(body: Uint8Array): string {
  const text = utf8Text(body)
  if (text !== undefined) return text
  throw invalidEvent([{ path: '/data', message: 'is not UTF-8, which its datacontenttype asks for' }])
}

function checkBinarySize({ attributes, body }: BinaryEvent): void {
  let bytes = body?.length ?? 0
  for (const name in attributes) bytes += name.length + (attributes[name]?.length ?? 0)
  if (bytes > limits.eventBytes) throw tooLarge(bytes, limits.eventBytes)
}
