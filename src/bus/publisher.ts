import {
  type Catalog,
  dataschemaOf,
  type EventDefinition,
  type NewEvent,
  type Opened,
  versionOf,
} from '../catalog/index.ts'
import {
  type CloudEvent,
  causedBy,
  checkEvent,
  currentFlow,
  isAttributeText,
  partitionKeyOf,
  readTraceContext,
  traceparentOf,
} from '../event/index.ts'
import { type Clock, type Issue, limits, type Random, TidingsError } from '../kernel/index.ts'
import { type OutgoingRecord, partitionOf } from '../log/index.ts'
import { issuesText } from '../schema/index.ts'
import type { Creation, Creating, Tracing } from '../tracing/index.ts'
import type { BatchOptions, PublishOptions } from './publish-options.ts'

/** What domain code takes: the right to publish these types of events, and nothing else. */
// oxlint-disable-next-line typescript/no-explicit-any -- `any` lets a plain `Publisher` take every bus
export interface Publisher<in Types extends string = any> {
  /** Never set: it makes a publisher of fewer types not assignable to one of more. */
  readonly '~types'?: ((type: Types) => void) | undefined
  /**
   * Publishes one event: checked against its schema, in the CloudEvents envelope, durable when the promise fulfils.
   * @throws `data_invalid` with every path that is wrong, `type_unknown`, `key_too_long`, `event_too_large`,
   * `publish_failed` when the engine could not store it; nothing is stored then. `option_invalid` for an option that
   * is not known.
   */
  publish<Type extends string, Data>(
    definition: EventDefinition<Type, Data> & Opened<Type, Types>,
    data: NoInfer<Data>,
    options?: PublishOptions,
  ): Promise<void>
  /** Publishes many at once, made with `definition.create`: all are checked before any is stored. */
  publishAll(events: readonly NewEvent<Types>[], options?: BatchOptions): Promise<void>
}

export interface EventMakerOptions {
  readonly catalog: Catalog
  readonly source: string
  readonly schemaBase: string
  readonly clock: Clock
  readonly random: Random
  readonly ids: () => string
  readonly tracing: Tracing
}

/** How an event is published, beside what it says. */
export interface Publishing extends Pick<Creating, 'operation' | 'cause'> {
  readonly notBefore: number | undefined
}

/** A record and, where one was begun, the span that ends when it is stored. */
export interface CreatedRecord extends OutgoingRecord {
  readonly span: Creation['span']
}

type Writable = { -readonly [Name in keyof CloudEvent]: CloudEvent[Name] }

/** Makes the CloudEvent and the record of what is published; everything is checked here. */
export class EventMaker {
  readonly #options: EventMakerOptions
  /** By type and version. */
  readonly #dataschemas = new Map<string, string[]>()
  #timeMs = -1
  #time = ''
  #second = -1
  #upToSecond = ''

  constructor(options: EventMakerOptions) {
    this.#options = options
  }

  record(definition: EventDefinition, made: NewEvent, publishing: Publishing): CreatedRecord {
    const issues = definition.issues(made.version, made.data)
    if (issues.length > 0) throw dataInvalid(made.type, made.version, issues)
    const { type, version, data } = made
    const event: Writable = {
      specversion: '1.0',
      id: this.#options.ids(),
      source: this.#options.source,
      type,
      time: this.#now(),
      datacontenttype: 'application/json',
      dataschema: this.#dataschema(type, version),
      data,
    }
    const subject = definition.subjectOf(data)
    if (subject !== undefined) event.subject = subject
    const cause = publishing.cause ?? currentFlow()?.cause
    if (cause !== undefined) Object.assign(event, causedBy(cause))
    const given = givenBy(made)
    // What is made here is valid: only what the caller gives has to be looked at.
    const isGiven = given !== undefined || publishing.cause !== undefined
    const isValid = !isGiven && (subject === undefined || isAttributeText(subject))
    return this.#place(isValid ? event : checkEvent({ ...event, ...given }), publishing)
  }

  /** A whole CloudEvent, from elsewhere: its id, source and time stay. */
  recordOf(event: CloudEvent, publishing: Publishing): CreatedRecord {
    // What has no type is no event, and is refused with all that is wrong with it.
    if (typeof event?.type !== 'string') checkEvent(event)
    const definition = this.#options.catalog.definitionOf(event.type)
    const version = versionOf(event, definition.newestVersion)
    const issues = definition.issues(version, event.data)
    if (issues.length > 0) throw dataInvalid(event.type, version, issues)
    const dataschema = event.dataschema ?? this.#dataschema(event.type, version)
    const subject = event.subject ?? definition.subjectOf(event.data)
    return this.#place({ ...checkEvent(withSet(event, { dataschema, subject })) }, publishing)
  }

  /** @param event not the caller's: its trace context is written on it. */
  #place(event: Writable, { notBefore, operation, cause }: Publishing): CreatedRecord {
    const { catalog, random } = this.#options
    const { name: topic, partitions } = catalog.topicOf(event.type)
    const key = partitionKeyOf(event)
    if (key !== undefined) checkKey(key, event)
    const partition =
      key === undefined ? Math.floor(random.next() * partitions) : partitionOf(key, partitions)
    const span = this.#trace({ event, topic, operation, cause })
    return { topic, partition, event, notBefore, span }
  }

  /** Writes on the event in which context it is made, once: one that it has stays, and what is none counts as absent. */
  #trace({ event, ...creating }: Omit<Creating, 'event'> & { readonly event: Writable }): Creation['span'] {
    const given = event.traceparent === undefined ? undefined : readTraceContext(event)
    const { context, span } = given
      ? { context: given, span: undefined }
      : this.#options.tracing.create({ event, ...creating })
    if (given === undefined) event.traceparent = traceparentOf(context)
    if (context.tracestate !== undefined) event.tracestate = context.tracestate
    else if (event.tracestate !== undefined) delete event.tracestate
    return span
  }

  #dataschema(type: string, version: number): string {
    let ofType = this.#dataschemas.get(type)
    if (ofType === undefined) this.#dataschemas.set(type, (ofType = []))
    return (ofType[version] ??= dataschemaOf(this.#options.schemaBase, type, version))
  }

  /** Made for every event: the text is kept, and of the next ms all but its end. */
  #now(): string {
    const nowMs = this.#options.clock.now()
    if (nowMs === this.#timeMs) return this.#time
    const second = Math.floor(nowMs / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#upToSecond = new Date(nowMs).toISOString().slice(0, -4)
    }
    this.#timeMs = nowMs
    this.#time = `${this.#upToSecond}${String(nowMs - second * 1_000).padStart(3, '0')}Z`
    return this.#time
  }
}

/** Attributes that were set by whoever made it; undefined where none was. */
function givenBy(made: NewEvent): Partial<NewEvent> | undefined {
  let given: Record<string, unknown> | undefined
  for (const name in made) {
    if (name === 'type' || name === 'version' || name === 'data') continue
    const value = made[name as keyof NewEvent]
    if (value !== undefined) (given ??= {})[name] = value
  }
  return given
}

/** The event with those attributes that are set; `undefined` is not set. */
function withSet(event: object, attributes: object): object {
  let set: Record<string, unknown> | undefined
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) (set ??= { ...event })[name] = value
  }
  return set ?? event
}

function checkKey(key: string, event: CloudEvent): void {
  if (
    key.length <= limits.keyBytes &&
    (key.length * 3 <= limits.keyBytes || Buffer.byteLength(key) <= limits.keyBytes)
  )
    return
  throw new TidingsError(
    'key_too_long',
    `The partition key of event "${event.id}" of type "${event.type}" has ${Buffer.byteLength(key)} bytes; at most ${limits.keyBytes} are allowed. Use an id as the subject, not a text.`,
  )
}

function dataInvalid(type: string, version: number, issues: readonly Issue[]): TidingsError {
  return new TidingsError(
    'data_invalid',
    `The data is not what version ${version} of ${type} says: ${issuesText(issues)}. Nothing of this call was published.`,
    { details: { issues } },
  )
}
