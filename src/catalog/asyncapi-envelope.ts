import type { JsonSchema } from '../schema/index.ts'

const text = { type: 'string', minLength: 1 }

const attributes: Readonly<Record<string, JsonSchema>> = {
  specversion: { const: '1.0' },
  id: { ...text, description: 'Unique together with source.' },
  source: { ...text, format: 'uri-reference', description: 'Where it happened.' },
  type: { ...text, description: 'What happened.' },
  subject: { ...text, description: 'What it happened to, within source.' },
  time: { type: 'string', format: 'date-time', description: 'When it happened.' },
  datacontenttype: { ...text, description: 'The media type of data.' },
  dataschema: { ...text, format: 'uri', description: 'The schema of data, ending in type and version.' },
  traceparent: { ...text, description: 'The trace context of its creation (W3C).' },
  tracestate: { ...text, description: 'Beside traceparent.' },
  partitionkey: { ...text, description: 'Events of one key keep their order; by default subject.' },
  correlationid: { ...text, description: 'Names the first cause of a flow.' },
  causationid: { ...text, description: 'The id of the event that caused this one.' },
  sequence: { ...text, description: 'Orders the events of one source.' },
}
const required = ['specversion', 'id', 'source', 'type']

/** What is the same in every event: the attributes of CloudEvents 1.0 in its JSON format, as `CloudEvent` has them. */
export const cloudEventSchema: JsonSchema = {
  title: 'CloudEvent',
  description: 'The CloudEvents 1.0 envelope in the JSON format, structured mode.',
  type: 'object',
  properties: attributes,
  required,
}

/** The same as headers of a protocol that calls them with this prefix, for one version of an event. */
export function cloudEventHeaders(
  prefix: string,
  constants: { readonly type: string; readonly dataschema: string },
): JsonSchema {
  const { datacontenttype, ...inHeaders } = attributes
  const headers = Object.entries(inHeaders).map(([name, schema]) => [`${prefix}${name}`, schema])
  const fixed = Object.entries(constants).map(([name, value]) => [`${prefix}${name}`, { const: value }])
  return {
    type: 'object',
    properties: {
      'content-type': datacontenttype,
      ...Object.fromEntries(headers),
      ...Object.fromEntries(fixed),
    },
    required: [...required, 'dataschema'].map((name) => `${prefix}${name}`),
  }
}
