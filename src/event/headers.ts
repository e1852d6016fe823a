import { utf8Text } from './bytes.ts'
import { type CloudEvent, isAttributeName } from './cloud-event.ts'
import { type BinaryEvent, encodeBinary, notAnAttribute } from './encoded.ts'
import { invalidEvent } from './invalid-event.ts'
import { limits } from '../kernel/index.ts'

/** How a binding writes attributes as headers: each under a prefix, `datacontenttype` as `content-type`. */
export interface HeaderStyle {
  readonly prefix: string
  /** From an attribute's text to a header's value, and back. */
  readonly encode: (value: string) => string
  readonly decode: (value: string) => string
  /** What attribute a header stands for, of those that were read; null for none. */
  readonly known: Map<string, string | null>
}

export type HeaderValue = string | Uint8Array | readonly (string | Uint8Array)[] | null | undefined
export type HeaderEntries = Iterable<readonly [string | Uint8Array, HeaderValue]>

/** An event in binary mode as headers and body. */
export function writeHeaders(
  event: CloudEvent,
  style: HeaderStyle,
): { readonly headers: Record<string, string>; readonly body: Uint8Array | undefined } {
  const { attributes, body } = encodeBinary(event)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'datacontenttype') headers['content-type'] = bodyContentType(value)
    else headers[style.prefix + name] = style.encode(value)
  }
  return { headers, body }
}

/** The attributes in headers of binary mode; other headers are left alone. */
export function readHeaders(headers: HeaderEntries, style: HeaderStyle): BinaryEvent['attributes'] {
  const attributes: Record<string, string> = {}
  for (const [key, value] of headers) {
    const header = typeof key === 'string' ? key : (utf8Text(key) ?? '')
    const known = style.known.get(header)
    const name = known === undefined ? attributeOf(header, style) : known
    if (name === null || value === undefined || value === null) continue
    if (Object.hasOwn(attributes, name)) throw refusedHeader(header, 'appears twice')
    const text = singleText(header, value)
    attributes[name] = name === 'datacontenttype' ? text : style.decode(text)
  }
  return attributes
}

/** The text of a header that is no attribute; undefined where it is not there, or not one text. */
export function plainHeader(headers: HeaderEntries, wanted: string): string | undefined {
  for (const [key, value] of headers) {
    const header = typeof key === 'string' ? key : utf8Text(key)
    if (header?.toLowerCase() !== wanted) continue
    if (typeof value === 'string') return value
    return value instanceof Uint8Array ? utf8Text(value) : undefined
  }
  return undefined
}

/** Found once for each header: the same ones come with every message. */
function attributeOf(header: string, { prefix, known }: HeaderStyle): string | null {
  const lower = header.toLowerCase()
  const name = lower === 'content-type' ? 'datacontenttype' : (prefixedName(lower, prefix) ?? null)
  if (known.size < limits.headerNames) known.set(header, name)
  return name
}

function prefixedName(header: string, prefix: string): string | undefined {
  if (!header.startsWith(prefix)) return undefined
  const name = header.slice(prefix.length)
  if (name === 'datacontenttype') throw refusedHeader(header, 'must be the header content-type')
  if (!isAttributeName(name)) throw notAnAttribute(name)
  return name
}

function singleText(header: string, value: NonNullable<HeaderValue>): string {
  if (typeof value === 'string' || value instanceof Uint8Array) return headerText(value)
  const [first, ...others] = value
  if (first === undefined || others.length > 0) throw refusedHeader(header, 'must have one value')
  return headerText(first)
}

function headerText(value: string | Uint8Array): string {
  const text = typeof value === 'string' ? value : utf8Text(value)
  if (text === undefined) throw invalidEvent([{ path: '', message: 'has a header that is not UTF-8' }])
  return text
}

/** Data that is itself a CloudEvent would be taken for the event. */
export function bodyContentType(contentType: string): string {
  if (!/^application\/cloudevents/i.test(contentType)) return contentType
  throw invalidEvent([
    { path: '/datacontenttype', message: `is ${contentType}, which only structured mode can carry` },
  ])
}

function refusedHeader(header: string, fault: string): Error {
  return invalidEvent([{ path: '', message: `has the header ${header.slice(0, 80)}, which ${fault}` }])
}
