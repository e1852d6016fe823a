import { defineCatalog, defineEvent, defineTopic } from '../../../src/index.ts'

export const placed = defineEvent('placed')
  .version(1, {
    type: 'object',
    properties: { key: { type: 'string' }, number: { type: 'integer' } },
    required: ['key', 'number'],
    additionalProperties: false,
  } as const)
  .subject(({ key }) => key)

export const topic = defineTopic('orders', { partitions: 4, events: [placed] })
export const catalog = defineCatalog([topic])
export const groups: readonly string[] = ['billing', 'shipping']
export const keys: readonly string[] = Array.from({ length: 8 }, (_, index) => `key-${index}`)
export const logName = 'log.db'
