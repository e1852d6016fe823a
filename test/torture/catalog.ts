import { join } from 'node:path'
import { defineCatalog, defineEvent, defineTopic } from '../../src/index.ts'

/** What the producer publishes: events numbered per key, never twice the same number, always rising. */
export const numbered = defineEvent('numbered')
  .version(1, {
    type: 'object',
    properties: { key: { type: 'string' }, number: { type: 'integer' } },
    required: ['key', 'number'],
    additionalProperties: false,
  } as const)
  .subject(({ key }) => key)

export const topic = defineTopic('numbers', { partitions: 8, events: [numbered] })
export const catalog = defineCatalog([topic])
/** Later events of a key wait behind its dead letter here; a redriver asks for those again while the members run. */
export const holdingGroup = 'third'
export const groups: readonly string[] = ['first', 'second', holdingGroup]
export const keys: readonly string[] = Array.from({ length: 24 }, (_, index) => `key-${index}`)

/** Short, so that a takeover fits in a cycle. */
export const sessionTimeoutMs = 1_000

export const attempts = 5

export const inboxFile = (folder: string): string => join(folder, 'inbox.db')
