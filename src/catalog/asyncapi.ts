import { structuredContentType } from '../event/index.ts'
import { embedSchema, type JsonSchema } from '../schema/index.ts'
import { cloudEventHeaders, cloudEventSchema } from './asyncapi-envelope.ts'
import type { Catalog } from './catalog.ts'
import { dataschemaOf, defaultSchemaBase } from './dataschema.ts'
import type { EventDefinition } from './event-definition.ts'
import type { EventSelector } from './event-selector.ts'
import type { Topic } from './topic.ts'
import { versionsOf } from './version-check.ts'

export interface AsyncApiOptions {
  /** The application that the document describes. */
  readonly title: string
  /** Of the document: the application's own version. */
  readonly version: string
  readonly description?: string | undefined
  /** What the application publishes, in the newest version. Default: every event of the catalog. */
  readonly sends?: readonly Pick<EventSelector, 'types'>[] | undefined
  /** What it handles, in every version that the catalog has. Default: every event of the catalog. */
  readonly receives?: readonly Pick<EventSelector, 'types'>[] | undefined
  /** What `dataschema` begins with. Default `tidings:schemas`. */
  readonly schemaBase?: string | undefined
  /**
   * Describes events in the binary content mode of this protocol: the attributes in its headers, the data alone as
   * payload. Default: structured, the whole event as payload.
   */
  readonly binary?: 'http' | 'kafka' | undefined
}

/** An AsyncAPI 3.1 document, as a plain object to be written as JSON. */
export interface AsyncApiDocument {
  readonly asyncapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description?: string }
  readonly defaultContentType: string
  readonly channels: Readonly<Record<string, object>>
  readonly operations: Readonly<Record<string, object>>
  readonly components: object
}

/**
 * The catalog as AsyncAPI 3.1: a channel for each topic, on it a message for each version of each event as a CloudEvent,
 * and what the application sends and receives. The same catalog and options give the same document.
 * @throws `type_unknown` for an event in `sends` or `receives` that the catalog does not have.
 */
export function asyncApi(catalog: Catalog, options: AsyncApiOptions): AsyncApiDocument {
  const { title, version, description, schemaBase = defaultSchemaBase, binary } = options
  const messageOf = binary === undefined ? structuredMessage : binaryMessage(headerPrefixes[binary])
  const sent = chosen(catalog, options.sends)
  const received = chosen(catalog, options.receives)
  return {
    asyncapi: '3.1.0',
    info: { title, version, ...(description === undefined ? {} : { description }) },
    defaultContentType: binary === undefined ? structuredContentType : dataContentType,
    channels: Object.fromEntries(
      catalog.topics.map((topic) => [topic.name, channelOf(topic, schemaBase, messageOf)]),
    ),
    operations: Object.fromEntries(catalog.topics.flatMap((topic) => operationsOf(topic, sent, received))),
    components: binary === undefined ? { schemas: { cloudEvent: cloudEventSchema } } : {},
  }
}

/** How attributes are called in the headers of a protocol (its binding of CloudEvents 1.0.2). */
const headerPrefixes = { http: 'ce-', kafka: 'ce_' } as const
const dataContentType = 'application/json'

/** One version of an event as it is sent, described where it will stand in the document. */
type MessageOf = (version: DescribedVersion) => object

interface DescribedVersion {
  readonly type: string
  readonly schema: JsonSchema
  readonly dataschema: string
  /** The message, as a JSON Pointer in a URI fragment. */
  readonly at: string
}

// Of the messages on a channel each event is exactly one: in both modes the constants say which.
const structuredMessage: MessageOf = ({ type, schema, dataschema, at }) => ({
  contentType: structuredContentType,
  headers: { type: 'object', properties: { 'content-type': { const: structuredContentType } } },
  correlationId: flowIn('payload#/correlationid'),
  payload: {
    allOf: [
      { $ref: '#/components/schemas/cloudEvent' },
      {
        type: 'object',
        properties: {
          type: { const: type },
          dataschema: { const: dataschema },
          data: embedSchema(schema, `${at}/payload/allOf/1/properties/data`),
        },
        required: ['dataschema', 'data'],
      },
    ],
  },
})

function binaryMessage(prefix: string): MessageOf {
  return ({ type, schema, dataschema, at }) => ({
    contentType: dataContentType,
    headers: cloudEventHeaders(prefix, { type, dataschema }),
    correlationId: flowIn(`header#/${prefix}correlationid`),
    payload: embedSchema(schema, `${at}/payload`),
  })
}

function flowIn(place: string): object {
  return {
    description: 'Names the first cause of a flow; equal in all its events.',
    location: `$message.${place}`,
  }
}

/** The types that were chosen, all of the catalog by default. */
function chosen(catalog: Catalog, selectors: AsyncApiOptions['sends']): ReadonlySet<string> {
  const types = (selectors ?? catalog.topics).flatMap((selector) => selector.types)
  return new Set(types.map((type) => catalog.definitionOf(type).type))
}

function channelOf(
  { name, events, partitions, retention }: Topic,
  schemaBase: string,
  messageOf: MessageOf,
): object {
  const messages = events.flatMap((definition) =>
    versionsOf(definition).map((version) => [
      messageName(definition, version),
      described(definition, version, name, schemaBase, messageOf),
    ]),
  )
  return {
    address: name,
    messages: Object.fromEntries(messages) as unknown,
    'x-tidings-partitions': partitions,
    'x-tidings-retention': retention,
  }
}

function described(
  definition: EventDefinition,
  version: number,
  topic: string,
  schemaBase: string,
  messageOf: MessageOf,
): object {
  const { type } = definition
  const name = messageName(definition, version)
  const schema = definition.schemaOf(version)
  const at = referenceTo('channels', topic, 'messages', name)
  const { description } = schema
  return {
    name,
    title: `${type}, version ${version}`,
    ...(typeof description === 'string' ? { summary: description } : {}),
    ...messageOf({ type, schema, dataschema: dataschemaOf(schemaBase, type, version), at }),
    'x-tidings-version': version,
  }
}

function operationsOf(
  topic: Topic,
  sent: ReadonlySet<string>,
  received: ReadonlySet<string>,
): (readonly [name: string, operation: object])[] {
  const { name, events } = topic
  const newest = events.flatMap((event) =>
    sent.has(event.type) ? [messageName(event, event.newestVersion)] : [],
  )
  const every = events.flatMap((event) =>
    received.has(event.type) ? versionsOf(event).map((version) => messageName(event, version)) : [],
  )
  const channel = { $ref: referenceTo('channels', name) }
  const messages = (names: readonly string[]): object[] =>
    names.map((message) => ({ $ref: referenceTo('channels', name, 'messages', message) }))
  return [
    ...(newest.length === 0
      ? []
      : [[`${name}.send`, { action: 'send', channel, messages: messages(newest) }] as const]),
    ...(every.length === 0
      ? []
      : [[`${name}.receive`, { action: 'receive', channel, messages: messages(every) }] as const]),
  ]
}

function messageName({ type }: EventDefinition, version: number): string {
  return `${type}.v${version}`
}

/** A JSON Pointer as a URI fragment (RFC 6901, §6). */
function referenceTo(...names: readonly string[]): string {
  const steps = names.map((name) => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1')))
  return `#/${steps.join('/')}`
}
