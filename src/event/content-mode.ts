import { utf8Bytes, utf8Text } from './bytes.ts'
import { invalidEvent } from './invalid-event.ts'

/** How a message carries its events (HTTP binding §3); of the structured formats JSON is understood. */
export type ContentMode = 'binary' | 'structured' | 'batch'

/** What a message brings beside its headers. */
export type Body = string | Uint8Array | null | undefined

// Without a charset: JSON is UTF-8 anyway, and receivers that compare the whole header exist.
export const structuredContentType = 'application/cloudevents+json'
export const batchContentType = 'application/cloudevents-batch+json'

/** @throws `event_invalid` for CloudEvents in a format other than JSON. */
export function contentModeOf(contentType: string | undefined): ContentMode {
  const mediaType = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (!mediaType.startsWith('application/cloudevents')) return 'binary'
  if (mediaType === 'application/cloudevents+json') return 'structured'
  if (mediaType === 'application/cloudevents-batch+json') return 'batch'
  throw invalidEvent([
    { path: '', message: `comes as ${mediaType.slice(0, 80)}, but only the JSON format is understood` },
  ])
}

/** The body of structured and batched mode, where it is the event. @throws `event_invalid` */
export function bodyText(body: Body): string {
  const text = body instanceof Uint8Array ? utf8Text(body) : body
  if (text) return text
  throw invalidEvent([{ path: '', message: 'has no body in UTF-8 that could be the event' }])
}

/** The body of binary mode, where it is the data. */
export function bodyBytes(body: Body): Uint8Array | undefined {
  return typeof body === 'string' ? utf8Bytes(body) : (body ?? undefined)
}
