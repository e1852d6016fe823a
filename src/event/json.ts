import { limits, TidingsError } from '../kernel/index.ts'
import { base64Text } from './bytes.ts'
import type { CloudEvent } from './cloud-event.ts'
import { invalidEvent } from './invalid-event.ts'
import { checkJsonSize } from './json-size.ts'
import { batchBounds, parseJson, stringifyJson } from './json-text.ts'
import { checkEvent, inMemory } from './validate.ts'

/**
 * The event as structured JSON, `application/cloudevents+json`; bytes become base64. What it returns, `decodeJson`
 * reads. The attributes are taken as they are: an event that was not made here goes through `checkEvent` first.
 * @throws `event_invalid` for data that JSON cannot hold · `json_too_deep` · `json_unsafe` · `event_too_large`.
 */
export function encodeJson(event: CloudEvent): string {
  if (typeof event.data === 'function' || typeof event.data === 'symbol') {
    throw invalidEvent([{ path: '/data', message: `is a ${typeof event.data}, which JSON cannot hold` }])
  }
  return stringifyJson(holdsBytes(event) ? withBase64(event) : event, '/data')
}

/**
 * An event of structured JSON from outside.
 * @throws `event_invalid` · `json_invalid` · `json_too_deep` · `json_unsafe` · `event_too_large`.
 */
export function decodeJson(text: string): CloudEvent {
  return checkEvent(parseJson(text))
}

/** The event of text that `encodeJson` wrote and that is known to be unchanged: nothing is checked again. */
export function readJson(text: string): CloudEvent {
  const event: CloudEvent & { readonly data_base64?: string } = JSON.parse(text)
  return event.data_base64 === undefined ? event : inMemory({ ...event })
}

/** The events as one JSON array, `application/cloudevents-batch+json`. @throws as `encodeJson`, and `limit_exceeded`. */
export function encodeJsonBatch(events: readonly CloudEvent[]): string {
  checkCount(events.length)
  const text = `[${events.map(encodeJson).join(',')}]`
  checkJsonSize(text, batchBounds.bytes)
  return text
}

/** @throws as `decodeJson`, with the index of the event in the paths of its issues, and `limit_exceeded`. */
export function decodeJsonBatch(text: string): CloudEvent[] {
  const values = parseJson(text, batchBounds)
  if (!Array.isArray(values)) throw invalidEvent([{ path: '', message: 'must be an array of events' }])
  checkCount(values.length)
  if (text.length * 3 > limits.eventBytes) for (const value of values) checkJsonSize(JSON.stringify(value))
  return values.map((value, index) => checkEvent(value, `/${index}`))
}

function checkCount(count: number): void {
  if (count <= limits.publishBatch) return
  throw new TidingsError(
    'limit_exceeded',
    `The batch holds ${count} events; at most ${limits.publishBatch} are allowed. Send it in parts.`,
  )
}

function holdsBytes(event: CloudEvent): boolean {
  if (event.data instanceof Uint8Array) return true
  for (const name in event) {
    const value: unknown = event[name as keyof CloudEvent]
    if (typeof value === 'object' && name !== 'data' && value instanceof Uint8Array) return true
  }
  return false
}

function withBase64(event: CloudEvent): object {
  const members = Object.entries(event).map(([name, value]: [string, unknown]) => {
    if (!(value instanceof Uint8Array)) return [name, value]
    return [name === 'data' ? 'data_base64' : name, base64Text(value)]
  })
  return Object.fromEntries(members)
}
