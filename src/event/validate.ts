import { type Issue, limits } from '../kernel/index.ts'
import { base64Bytes, isBase64 } from './bytes.ts'
import { type CloudEvent, isAttributeName } from './cloud-event.ts'
import { invalidEvent } from './invalid-event.ts'
import { isJsonMediaType, isMediaType } from './media-type.ts'
import { isTimestamp } from './timestamp.ts'
import { isAbsoluteUri, isUriReference } from './uri.ts'

const isSource = remembering(isUriReference)
const isDataschema = remembering(isAbsoluteUri)
const isTime = remembering(isTimestamp)

/** The same test, which lets pass at once what it let pass the last time: most events repeat what the one before said. */
function remembering(test: (text: string) => boolean): (text: string) => boolean {
  let passed: string | undefined
  return (text) => {
    if (text === passed) return true
    if (!test(text)) return false
    passed = text
    return true
  }
}

type Attributes = Readonly<Record<string, unknown>>

const noIssues: readonly Issue[] = []
const printableAscii = /^[\x20-\x7e]*$/
const forbiddenCharacter = /[\p{Control}\p{Surrogate}\p{Noncharacter_Code_Point}]/u

/**
 * Everything that is wrong with a value as a CloudEvent 1.0, at most `limits.eventIssues` faults; none for a valid
 * event. An attribute that is null or undefined counts as unset (JSON format §2.2). Bytes may be a Uint8Array in
 * `data` or base64 in `data_base64`, as in the JSON format. Paths are JSON Pointers that begin with `at`.
 */
export function eventIssues(value: unknown, at = ''): readonly Issue[] {
  if (!isObject(value)) return [{ path: at, message: 'must be an object with attributes and data' }]
  let issues: Issue[] | undefined
  for (const name in value) {
    const fault = attributeFault(name, value[name])
    if (fault !== undefined) issues = noted(issues, at, name, `${fault}${shown(value[name])}`)
  }
  if (isUnset(value.specversion) || isUnset(value.id) || isUnset(value.source) || isUnset(value.type)) {
    for (const name of ['specversion', 'id', 'source', 'type']) {
      if (isUnset(value[name])) issues = noted(issues, at, name, 'is missing')
    }
  }
  const dataIssue = dataFault(value)
  if (dataIssue !== undefined) issues = noted(issues, at, 'data', dataIssue)
  return issues ?? noIssues
}

/**
 * The value as an event, untouched where it can be: unset attributes are left out, and `data_base64` becomes `data`
 * as a Uint8Array. `at` is the JSON Pointer of the event in what was read.
 * @throws `event_invalid` with everything that {@link eventIssues} finds.
 */
export function checkEvent(value: unknown, at = ''): CloudEvent {
  const issues = eventIssues(value, at)
  if (issues.length > 0) throw invalidEvent(issues)
  return inMemory(value as Attributes)
}

/** An event of the JSON format as it is in memory; the attributes are known to be valid. */
export function inMemory(event: Attributes): CloudEvent {
  // The attributes have been checked, here or when the text was written.
  return (isInMemory(event) ? event : settled(event)) as unknown as CloudEvent
}

function isInMemory(event: Attributes): boolean {
  if (event.data_base64 !== undefined) return false
  for (const name in event) if (isUnset(event[name]) && name !== 'data') return false
  return true
}

function settled(event: Attributes): Attributes {
  const members = Object.entries(event).filter(([name, value]) => name === 'data' || !isUnset(value))
  const { data_base64: base64, ...settledEvent } = Object.fromEntries(members)
  return typeof base64 === 'string' ? { ...settledEvent, data: base64Bytes(base64) } : settledEvent
}

/** True for text that `id`, `subject` and the like may have. */
export function isAttributeText(value: unknown): value is string {
  return isText(value) && value !== ''
}

function attributeFault(name: string, value: unknown): string | undefined {
  if (isUnset(value)) return isAttributeName(name) || isData(name) ? undefined : nameFault
  switch (name) {
    case 'specversion':
      return value === '1.0' ? undefined : 'must be "1.0"'
    case 'id':
    case 'type':
    case 'subject':
    case 'traceparent':
    case 'partitionkey':
    case 'correlationid':
    case 'causationid':
    case 'sequence':
      return isAttributeText(value) ? undefined : `must be ${textRule} and not empty`
    case 'tracestate':
      return isText(value) ? undefined : `must be ${textRule}`
    case 'source':
      return typeof value === 'string' && value !== '' && isSource(value) ? undefined : sourceFault
    case 'dataschema':
      return typeof value === 'string' && isDataschema(value) ? undefined : dataschemaFault
    case 'time':
      return typeof value === 'string' && isTime(value) ? undefined : timeFault
    case 'datacontenttype':
      return typeof value === 'string' && isMediaType(value) ? undefined : datacontenttypeFault
    case 'data':
      return undefined
    case 'data_base64':
      return typeof value === 'string' && isBase64(value) ? undefined : 'must be padded base64 (RFC 4648 §4)'
    default:
      return isAttributeName(name) ? extensionFault(value) : nameFault
  }
}

const textRule = 'text without control characters, noncharacters and unpaired surrogates'
const nameFault = 'is not an attribute name: use lower-case letters and digits'
const sourceFault = 'must be a URI-reference (RFC 3986 §4.1) and not empty'
const dataschemaFault = 'must be an absolute URI without a fragment (RFC 3986 §4.3)'
const timeFault = 'must be an RFC 3339 time such as 2026-01-31T12:00:00Z'
const integerFault = 'must be an integer of 32 bits: write other numbers as text'
const datacontenttypeFault = 'must be a media type such as application/json (RFC 2046)'

function extensionFault(value: unknown): string | undefined {
  if (typeof value === 'string') return isText(value) ? undefined : `must be ${textRule}`
  if (typeof value === 'number') return (value | 0) === value ? undefined : integerFault
  if (typeof value === 'boolean' || value instanceof Uint8Array) return undefined
  return 'must be text, an integer, a boolean or bytes'
}

function dataFault({ data, data_base64: base64, datacontenttype }: Attributes): string | undefined {
  if (data === undefined) return undefined
  if (!isUnset(base64)) return 'and data_base64 exclude each other'
  if (typeof data === 'string' || typeof datacontenttype !== 'string') return undefined
  if (isJsonMediaType(datacontenttype) || data instanceof Uint8Array) return undefined
  return `must be text or bytes, because datacontenttype is ${JSON.stringify(datacontenttype.slice(0, 80))}`
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && (printableAscii.test(value) || !forbiddenCharacter.test(value))
}

function isUnset(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

function isData(name: string): boolean {
  return name === 'data' || name === 'data_base64'
}

function isObject(value: unknown): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function noted(issues: Issue[] | undefined, at: string, name: string, message: string): Issue[] {
  const all = issues ?? []
  if (all.length < limits.eventIssues) all.push({ path: `${at}/${pointerToken(name)}`, message })
  return all
}

function pointerToken(name: string): string {
  return name.slice(0, 80).replaceAll('~', '~0').replaceAll('/', '~1')
}

function shown(value: unknown): string {
  if (typeof value === 'string') return ` (it is ${JSON.stringify(value.slice(0, 80))})`
  return typeof value === 'number' || typeof value === 'boolean' ? ` (it is ${value})` : ''
}
