import { limits } from '../kernel/index.ts'
import type { CloudEvent } from './cloud-event.ts'
import type { EncodedEvent } from './encoded.ts'
import { invalidEvent } from './invalid-event.ts'
import { encodeJson } from './json.ts'
import { parseJson } from './json-text.ts'
import { checkEvent } from './validate.ts'

/** What PutEvents takes of an event. */
export interface EventBridgeEntry {
  readonly source: string
  /** The event's type. */
  readonly detailType: string
  /** The event as structured JSON. */
  readonly detail: string
}

/** What EventBridge delivers: the event, and what the envelope says beside it. */
export interface EventBridgeInput {
  readonly encoded: EncodedEvent
  readonly resources: readonly string[]
}

/** Of `detail-type`, in characters; of `source` likewise. */
const typeLength = 128
const sourceLength = 256

/**
 * The event as an entry of PutEvents: there is no binding for EventBridge, so all of it is the detail, and rules can match
 * any attribute of it. @throws as `encodeHttp`, and `event_invalid` for a type or source that EventBridge refuses.
 */
export function encodeEventBridge(event: CloudEvent): EventBridgeEntry {
  const { source, type } = checkEvent(event)
  if (type.length > typeLength) throw refused('/type', `has more than ${typeLength} characters`)
  if (source.length > sourceLength) throw refused('/source', `has more than ${sourceLength} characters`)
  if (/^aws\./i.test(source))
    throw refused('/source', 'begins with "aws.", which is for events of AWS itself')
  return { source, detailType: type, detail: encodeJson(event) }
}

/**
 * The event of what a rule delivers. An envelope whose detail is no CloudEvent is one itself, as those of AWS are: its
 * detail is the data, `detail-type` the type, and a single resource the subject.
 * @throws `event_invalid` for what is no envelope · `json_invalid` · `json_too_deep` · `json_unsafe` · `event_too_large`.
 */
export function readEventBridge(text: string): EventBridgeInput {
  const envelope = parseJson(text, { bytes: limits.eventBytes, levels: limits.jsonDepth + 1 })
  if (!isObject(envelope) || !isObject(envelope['detail']))
    throw invalidEvent([{ path: '', message: 'is not what a rule of EventBridge delivers' }])
  const { detail } = envelope
  const isCloudEvent = typeof detail['specversion'] === 'string'
  return {
    encoded: JSON.stringify(isCloudEvent ? detail : eventOf(envelope)),
    resources: resourcesOf(envelope),
  }
}

function eventOf(envelope: Readonly<Record<string, unknown>>): object {
  const { id, source, time, account, region, detail } = envelope
  const [subject, ...others] = resourcesOf(envelope)
  return {
    specversion: '1.0',
    id,
    source,
    type: envelope['detail-type'],
    time,
    ...(others.length === 0 && subject !== undefined && { subject }),
    datacontenttype: 'application/json',
    ...(isText(account) && { awsaccount: account }),
    ...(isText(region) && { awsregion: region }),
    data: detail,
  }
}

function resourcesOf({ resources }: Readonly<Record<string, unknown>>): readonly string[] {
  return Array.isArray(resources) ? resources.filter(isText) : []
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refused(path: string, fault: string): Error {
  return invalidEvent([{ path, message: `${fault}; EventBridge would refuse it` }])
}
