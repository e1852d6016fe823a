import { structuredContentType } from '../event/index.ts'
import { embedSchema } from '../schema/index.ts'
import { cloudEventSchema } from './asyncapi-envelope.ts'
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
 * The catalog as AsyncAPI 3.1: a channel for each topic, on it a message for each version of each event as a structured
 * CloudEvent, and what the application sends and receives. The same catalog and options give the same document.
 * @throws `type_unknown` for an event in `sends` or `receives` that the catalog does not have.
 */
export function asyncApi(catalog: Catalog, options: AsyncApiOptions): AsyncApiDocument {
  const { title, version, description, schemaBase = defaultSchemaBase } = options
  const sent = chosen(catalog, options.sends)
  const received = chosen(catalog, options.receives)
  return {
    asyncapi: '3.1.0',
    info: { title, version, ...(description === undefined ? {} : { description }) },
    defaultContentType: structuredContentType,
    channels: Object.fromEntries(catalog.topics.map((topic) => [topic.name, channelOf(topic, schemaBase)])),
    operations: Object.fromEntries(catalog.topics.flatMap((topic) => operationsOf(topic, sent, received))),
    components: { schemas: { cloudEvent: cloudEventSchema }, correlationIds },
  }
}

const correlationIds = {
  flow: {
    description: 'Names the first cause of a flow; equal in all its events.',
    location: '$message.payload#/correlationid',
  },
}

/** The types that were chosen, all of the catalog by default. */
function chosen(catalog: Catalog, selectors: AsyncApiOptions['sends']): ReadonlySet<string> {
  const types = (selectors ?? catalog.topics).flatMap((selector) => selector.types)
  return new Set(types.map((type) => catalog.definitionOf(type).type))
}

function channelOf({ name, events, partitions, retention }: Topic, schemaBase: string): object {
  const messages = events.flatMap((definition) =>
    versionsOf(definition).map((version) => [
      messageName(definition, version),
      messageOf(definition, version, name, schemaBase),
    ]),
  )
  return {
    address: name,
    messages: Object.fromEntries(messages) as unknown,
    'x-tidings-partitions': partitions,
    'x-tidings-retention': retention,
  }
}

function messageOf(definition: EventDefinition, version: number, topic: string, schemaBase: string): object {
  const { type } = definition
  const name = messageName(definition, version)
  const schema = definition.schemaOf(version)
  const at = `${referenceTo('channels', topic, 'messages', name)}/payload/allOf/1/properties/data`
  const { description } = schema
  return {
    name,
    title: `${type}, version ${version}`,
    ...(typeof description === 'string' ? { summary: description } : {}),
    contentType: structuredContentType,
    headers: { type: 'object', properties: { 'content-type': { const: structuredContentType } } },
    correlationId: { $ref: '#/components/correlationIds/flow' },
    // Of the messages on a channel each event is exactly one: both constants say which.
    payload: {
      allOf: [
        { $ref: '#/components/schemas/cloudEvent' },
        {
          type: 'object',
          properties: {
            type: { const: type },
            dataschema: { const: dataschemaOf(schemaBase, type, version) },
            data: embedSchema(schema, at),
          },
          required: ['dataschema', 'data'],
        },
      ],
    },
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
