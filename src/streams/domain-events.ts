import { dataschemaOf, type EventDefinition, type NewEvent } from '../catalog/index.ts'
import {
  type CloudEvent,
  causedBy,
  checkEvent,
  currentFlow,
  currentTrace,
  encodeJson,
  timestampMs,
  type TraceContext,
  traceparentOf,
} from '../event/index.ts'
import { type Clock, type Issue, shown, TidingsError } from '../kernel/index.ts'
import { issuesText } from '../schema/index.ts'
import type { StreamDefinition } from './define-stream.ts'
import type { StreamEvent } from './stream-store.ts'

/** What caused something: the event that a handler reacts to, or whatever has an id. */
export type Cause = Pick<CloudEvent, 'id' | 'correlationid'>

/** Where domain events come from. */
export interface EventOrigin {
  readonly source: string
  readonly schemaBase: string
  readonly clock: Clock
  readonly ids: () => string
}

/** What an event gets that does not set it itself. */
export interface EventDefaults {
  readonly id?: string | undefined
  readonly subject: string
  readonly time?: string | undefined
}

/** The event in its envelope, checked. @throws `data_invalid`, `event_invalid`, `type_unknown` */
export function makeDomainEvent(
  stream: StreamDefinition,
  made: NewEvent,
  { source, schemaBase, clock, ids }: EventOrigin,
  defaults: EventDefaults,
): CloudEvent {
  const definition = definitionOf(stream, made)
  const { type, version, data, ...attributes } = made
  const issues = definition.issues(version, data)
  if (issues.length > 0) throw dataInvalid(made, issues)
  return checkEvent({
    specversion: '1.0',
    source,
    type,
    dataschema: dataschemaOf(schemaBase, type, version),
    ...attributes,
    id: attributes.id ?? defaults.id ?? ids(),
    subject: attributes.subject ?? definition.subjectOf(data) ?? defaults.subject,
    time: attributes.time ?? defaults.time ?? new Date(clock.now()).toISOString(),
    data,
  })
}

function definitionOf(stream: StreamDefinition, made: NewEvent): EventDefinition {
  if (typeof made?.type === 'string' && typeof made.version === 'number')
    return stream.definitionOf(made.type)
  throw new TidingsError(
    'option_invalid',
    `The stream ${stream.name} got ${shown(made)} as an event. Make each with definition.create(data).`,
  )
}

function dataInvalid({ type, version }: NewEvent, issues: readonly Issue[]): TidingsError {
  return new TidingsError(
    'data_invalid',
    `The data is not what version ${version} of ${type} says: ${issuesText(issues)}. Nothing was appended.`,
    { details: { issues } },
  )
}

/**
 * The events with their place in a flow, where they have none: the correlation id of the cause that is named, else of the
 * event whose handler this runs in, else the id of the first of them; the cause's id as causation id. And the span that
 * they are made in, where there is one.
 */
export function inFlow(events: readonly CloudEvent[], cause: Cause | undefined): readonly CloudEvent[] {
  const [first] = events
  if (first === undefined) return events
  const from = cause ?? currentFlow()?.cause
  const flow = from === undefined ? { correlationid: first.id } : causedBy(from)
  const trace = currentTrace()
  const made = trace === undefined ? {} : { traceparent: traceparentOf(trace), ...stateOf(trace) }
  return events.map((event) => ({ ...flow, ...made, ...event }))
}

function stateOf({ tracestate }: TraceContext): Pick<CloudEvent, 'tracestate'> {
  return tracestate === undefined ? {} : { tracestate }
}

/** As the store takes it. @throws `event_too_large`, and what else of it JSON cannot hold. */
export function storedForm(event: CloudEvent): StreamEvent {
  return {
    id: event.id,
    type: event.type,
    timeMs: timestampMs(event.time ?? ''),
    body: encodeJson(event),
  }
}
