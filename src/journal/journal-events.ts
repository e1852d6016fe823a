import {
  type Catalog,
  defineCatalog,
  defineEvent,
  defineTopic,
  type EventDefinition,
  type SelectedOf,
  type Topic,
} from '../catalog/index.ts'
import { jsonSchema } from '../schema/index.ts'
import type { DeliveryEntry, HealthEntry } from './entries.ts'

/** Entries of one member in one event. What all have in common stands beside them. */
export interface DeliveriesData {
  readonly service: string
  readonly member: string
  readonly group: string
  /** How many entries of this member came before, in how many it gave up: a number that jumps shows a gap. */
  readonly before: number
  readonly lost: number
  readonly deliveries: readonly Omit<DeliveryEntry, 'service' | 'member' | 'group'>[]
}

export type DeliveriesReported = EventDefinition<
  'dev.tidings.journal.deliveries',
  DeliveriesData,
  { 1: DeliveriesData },
  'synchronous'
>
export type HealthReported = EventDefinition<
  'dev.tidings.journal.health',
  HealthEntry,
  { 1: HealthEntry },
  'synchronous'
>
export type JournalTopic = Topic<'tidings.journal', SelectedOf<DeliveriesReported | HealthReported>>

const text = { type: 'string' } as const
const count = { type: 'integer', minimum: 0 } as const
const timeMs = { type: 'integer' } as const

const eventEntry = {
  type: 'object',
  properties: {
    source: text,
    id: text,
    type: text,
    subject: text,
    traceId: text,
    correlationId: text,
    causationId: text,
  },
  required: ['source', 'id', 'type'],
} as const

const deliveryEntry = {
  type: 'object',
  properties: {
    topic: text,
    partition: count,
    offset: count,
    at: timeMs,
    appendedAt: timeMs,
    publishedAt: timeMs,
    event: eventEntry,
    attempt: count,
    outcome: { enum: ['handled', 'duplicate', 'failed', 'dead-letter', 'newer', 'outage'] },
    tookMs: { type: 'number' },
    retryInMs: { type: 'number' },
    error: {
      type: 'object',
      properties: { reason: text, message: text, fingerprint: text },
      required: ['reason', 'message', 'fingerprint'],
    },
  },
  required: ['topic', 'partition', 'offset', 'at', 'appendedAt', 'attempt', 'outcome', 'tookMs'],
} as const

export const deliveriesReported: DeliveriesReported = defineEvent('dev.tidings.journal.deliveries')
  .version(
    1,
    jsonSchema<DeliveriesData>({
      type: 'object',
      properties: {
        service: text,
        member: text,
        group: text,
        before: count,
        lost: count,
        deliveries: { type: 'array', items: deliveryEntry },
      },
      required: ['service', 'member', 'group', 'before', 'lost', 'deliveries'],
    }),
  )
  .subject(({ member }) => member)

export const healthReported: HealthReported = defineEvent('dev.tidings.journal.health')
  .version(
    1,
    jsonSchema<HealthEntry>({
      type: 'object',
      properties: {
        service: text,
        member: text,
        group: text,
        host: text,
        processId: count,
        at: timeMs,
        nextWithinMs: count,
        sessionTimeoutMs: count,
        state: { enum: ['running', 'stopped'] },
        assignment: {
          type: 'array',
          items: {
            type: 'object',
            properties: { topic: text, partition: count, generation: count },
            required: ['topic', 'partition', 'generation'],
          },
        },
        inFlight: count,
        eventLoopDelayMs: { type: 'number' },
      },
      required: [
        'service',
        'member',
        'group',
        'host',
        'processId',
        'at',
        'nextWithinMs',
        'sessionTimeoutMs',
        'state',
        'assignment',
        'inFlight',
        'eventLoopDelayMs',
      ],
    }),
  )
  .subject(({ member }) => member)

/** What members report goes here, on whichever engine the journal is. */
export const journalTopic: JournalTopic = defineTopic('tidings.journal', {
  events: [deliveriesReported, healthReported],
  partitions: 4,
  retention: { age: '7d' },
})

export const journalCatalog: Catalog<readonly [JournalTopic]> = defineCatalog([journalTopic])
