import type { CloudEvent } from './cloud-event.ts'
import {
  type Body,
  batchContentType,
  bodyBytes,
  bodyText,
  contentModeOf,
  structuredContentType,
} from './content-mode.ts'
import { decodeEvent } from './encoded.ts'
import { type HeaderStyle, readHeaders, writeHeaders } from './headers.ts'
import { invalidEvent } from './invalid-event.ts'
import { decodeJson, decodeJsonBatch, encodeJson, encodeJsonBatch } from './json.ts'
import { checkEvent } from './validate.ts'

/** What is sent: header names in lower case, and no body for an event without data. It spreads into `fetch`. */
export interface HttpMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** What was received, as a web `Headers` or as Node's `request.headers`. */
export interface HttpInput {
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body?: Body
}

export interface HttpOptions {
  /** `binary`: attributes as headers, data as the body. `structured`: all in one JSON body. */
  readonly mode: 'binary' | 'structured'
}

const httpStyle: HeaderStyle = {
  prefix: 'ce-',
  encode: encodeHeaderValue,
  decode: decodeHeaderValue,
  known: new Map(),
}

/** @throws `event_invalid` · `json_too_deep` · `json_unsafe` · `event_too_large`. */
export function encodeHttp(event: CloudEvent, options: HttpOptions): HttpMessage {
  const checked = checkEvent(event)
  if (options.mode === 'binary') return binary(checked)
  return { headers: { 'content-type': structuredContentType }, body: encodeJson(checked) }
}

/** One message with several events; to be sent only to receivers that asked for batches (HTTP binding §3.3). */
export function encodeHttpBatch(events: readonly CloudEvent[]): HttpMessage {
  const checked = events.map((event, index) => checkEvent(event, `/${index}`))
  return { headers: { 'content-type': batchContentType }, body: encodeJsonBatch(checked) }
}

/**
 * The events of a message in any of the three content modes: one, or as many as the batch holds.
 * @throws `event_invalid` · `json_invalid` · `json_too_deep` · `json_unsafe` · `event_too_large` · `limit_exceeded`.
 */
export function decodeHttp({ headers, body }: HttpInput): readonly CloudEvent[] {
  const attributes = readHeaders(isIterable(headers) ? headers : Object.entries(headers), httpStyle)
  const contentType = attributes.datacontenttype
  const mode = contentModeOf(contentType)
  if (mode === 'batch') return decodeJsonBatch(bodyText(body))
  if (mode === 'structured') return [decodeJson(bodyText(body))]
  // HTTP cannot tell an empty body from none: without a media type there is nothing it could be.
  const hasData = contentType !== undefined || Boolean(body?.length)
  return [decodeEvent({ attributes, body: hasData ? bodyBytes(body) : undefined })]
}

/** Percent-encodes what is not printable ASCII, and space, quote and percent (HTTP binding §3.1.3.2). */
export function encodeHeaderValue(value: string): string {
  return mustBeEncoded.test(value) ? value.replace(runsToEncode, encodeURIComponent) : value
}

/**
 * Takes off quotes, then one round of percent-encoding (HTTP binding §3.1.3.2). A percent sign without two hex digits
 * stays, because many producers do not encode.
 * @throws `event_invalid` for encoded bytes that are not UTF-8.
 */
export function decodeHeaderValue(value: string): string {
  const text = quotedString.test(value) ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value
  if (!text.includes('%')) return text
  try {
    return text.replace(encodedRuns, decodeURIComponent)
  } catch (error) {
    const shown = JSON.stringify(value.slice(0, 80))
    throw invalidEvent([{ path: '', message: `has the header value ${shown}, which is not UTF-8` }], error)
  }
}

const mustBeEncoded = /[^\x21\x23\x24\x26-\x7e]/
const runsToEncode = /[^\x21\x23\x24\x26-\x7e]+/g
const encodedRuns = /(?:%[0-9A-Fa-f]{2})+/g
const quotedString = /^"(?:[^"\\]|\\.)*"$/

function binary(event: CloudEvent): HttpMessage {
  const { headers, body } = writeHeaders(event, httpStyle)
  return body === undefined ? { headers } : { headers, body }
}

function isIterable(headers: HttpInput['headers']): headers is Headers {
  return Symbol.iterator in headers
}
