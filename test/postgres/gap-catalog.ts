import { defineCatalog, defineEvent, defineTopic } from '../../src/index.ts'

/** A change of the row of a key: versions rise by one with each that commits. */
export const changed = defineEvent('changed')
  .version(1, {
    type: 'object',
    properties: { key: { type: 'string' }, version: { type: 'integer' } },
    required: ['key', 'version'],
    additionalProperties: false,
  } as const)
  .subject(({ key }) => key)

export const topic = defineTopic('changes', { partitions: 4, events: [changed] })
export const catalog = defineCatalog([topic])
