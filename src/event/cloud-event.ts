/** The value of an attribute (CloudEvents §type-system): text, a 32-bit integer, a boolean or bytes. */
export type AttributeValue = string | number | boolean | Uint8Array

/**
 * A fact in the CloudEvents 1.0 envelope, as a plain object. It has no index signature, so that a mistyped
 * attribute does not compile; extensions not named here are read with {@link extension}.
 */
export interface CloudEvent<Type extends string = string, Data = unknown> {
  readonly specversion: '1.0'
  /** Not empty; unique together with `source`. */
  readonly id: string
  /** Where it happened: a URI-reference (RFC 3986 §4.1), not empty. */
  readonly source: string
  readonly type: Type
  /** What it happened to, within `source`. */
  readonly subject?: string
  /** When it happened: RFC 3339, with any offset and any precision. */
  readonly time?: string
  /** The media type of `data`; JSON when absent, unless `data` is bytes. */
  readonly datacontenttype?: string
  /** The schema of `data`: an absolute URI (RFC 3986 §4.3). */
  readonly dataschema?: string
  /** A JSON value; text or bytes when `datacontenttype` is not JSON. Absent when the event has none. */
  readonly data: Data
  /** Trace context of the event's creation (W3C), written once. */
  readonly traceparent?: string
  readonly tracestate?: string
  /** Events of one key keep their order. */
  readonly partitionkey?: string
  /** Names the first cause of a flow; equal in all its events. */
  readonly correlationid?: string
  /** The id of the event that caused this one. */
  readonly causationid?: string
  /** Orders the events of one source, compared as text. */
  readonly sequence?: string
}

/** What tells events apart: CloudEvents promises that `source` and `id` together are unique. */
export type EventIdentity = Pick<CloudEvent, 'source' | 'id'>

/** One text for source and id. A source is a URI-reference and holds no space, so no two identities share a key. */
export function eventKey(event: EventIdentity): string {
  return `${event.source} ${event.id}`
}

export function sameEvent(a: EventIdentity, b: EventIdentity): boolean {
  return a.id === b.id && a.source === b.source
}

/** What orders the event: its `partitionkey`, else its `subject`. */
export function partitionKeyOf(event: Pick<CloudEvent, 'partitionkey' | 'subject'>): string | undefined {
  return event.partitionkey ?? event.subject
}

/**
 * The value of an attribute that {@link CloudEvent} does not name, or undefined. What was read from headers is
 * text, whatever type its producer gave it: headers carry no types.
 */
export function extension(event: CloudEvent, name: string): AttributeValue | undefined {
  if (!Object.hasOwn(event, name)) return undefined
  const value: unknown = Reflect.get(event, name)
  return isAttributeName(name) && isAttributeValue(value) ? value : undefined
}

/** Lower-case letters and digits, and not `data` (CloudEvents §naming-conventions). */
export function isAttributeName(name: string): boolean {
  return attributeName.test(name) && name !== 'data'
}

export function isAttributeValue(value: unknown): value is AttributeValue {
  const type = typeof value
  return type === 'string' || type === 'number' || type === 'boolean' || value instanceof Uint8Array
}

const attributeName = /^[a-z0-9]+$/

/** What an event says of the one that caused it: its id, and the first cause of both. */
export function causedBy(cause: Pick<CloudEvent, 'id' | 'correlationid'>): {
  readonly correlationid: string
  readonly causationid: string
} {
  return { correlationid: cause.correlationid ?? cause.id, causationid: cause.id }
}
