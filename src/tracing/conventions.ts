import type { MetricOptions } from '@opentelemetry/api'

/**
 * Every name of OpenTelemetry that is written here, as its semantic conventions 1.45 have them. Those of messaging and of
 * CloudEvents are still in development there: what changes is changed in this file.
 */

export const attribute = {
  system: 'messaging.system.name',
  /** What 1.45 calls deprecated, and most instrumentations and dashboards still go by. */
  formerSystem: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  partition: 'messaging.destination.partition.id',
  group: 'messaging.consumer.group.name',
  batchCount: 'messaging.batch.message_count',
  messageId: 'messaging.message.id',
  conversation: 'messaging.message.conversation_id',
  eventId: 'cloudevents.event_id',
  eventSource: 'cloudevents.event_source',
  eventSpecVersion: 'cloudevents.event_spec_version',
  eventType: 'cloudevents.event_type',
  eventSubject: 'cloudevents.event_subject',
  errorType: 'error.type',
  /** Ours, for which there is no convention. */
  offset: 'tidings.record.offset',
  attempt: 'tidings.delivery.attempt',
  outcome: 'tidings.delivery.outcome',
  port: 'tidings.port',
} as const

/** `create`: an event gets its context · `send`: events go to the engine · `process`: a handler runs · `settle`: a commit. */
export type Operation = 'create' | 'send' | 'process' | 'settle'

/** The name of a span: low in cardinality, so no type and no id. */
export function spanName(operation: Operation, destination: string | undefined): string {
  return destination === undefined ? operation : `${operation} ${destination}`
}

/** The buckets that the conventions advise, in seconds; and those for what may wait for long. */
const seconds = bucketsOf([0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10])
const longSeconds = bucketsOf([0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 86_400])

function bucketsOf(explicitBucketBoundaries: number[]): Pick<MetricOptions, 'unit' | 'advice'> {
  return { unit: 's', advice: { explicitBucketBoundaries } }
}

const messages = { unit: '{message}' }
const events = { unit: '{event}' }

type MetricName =
  | 'operationDuration'
  | 'processDuration'
  | 'sent'
  | 'consumed'
  | 'latency'
  | 'deadLettersAdded'
  | 'deadLetters'
  | 'lag'
  | 'lagTime'
  | 'outboxPending'
  | 'outboxAge'

/** The first four are of the conventions, the others ours. */
export const metric: Readonly<
  Record<MetricName, { readonly name: string; readonly options: MetricOptions }>
> = {
  operationDuration: {
    name: 'messaging.client.operation.duration',
    options: { ...seconds, description: 'How long a publish or a commit took.' },
  },
  processDuration: {
    name: 'messaging.process.duration',
    options: { ...seconds, description: 'How long a handler ran.' },
  },
  sent: {
    name: 'messaging.client.sent.messages',
    options: { ...messages, description: 'Events that were given to the engine.' },
  },
  consumed: {
    name: 'messaging.client.consumed.messages',
    options: { ...messages, description: 'Events that were handed to a handler, once for each delivery.' },
  },
  latency: {
    name: 'tidings.delivery.latency',
    options: { ...longSeconds, description: 'From the time of an event until a group had handled it.' },
  },
  deadLettersAdded: {
    name: 'tidings.dead_letters.added',
    options: { ...events, description: 'Deliveries that made their event a dead letter.' },
  },
  deadLetters: {
    name: 'tidings.dead_letters',
    options: { ...events, description: 'Dead letters that a group has now.' },
  },
  lag: {
    name: 'tidings.group.lag',
    options: { ...events, description: 'Events that a group has not committed.' },
  },
  lagTime: {
    name: 'tidings.group.lag.time',
    options: {
      unit: 's',
      description: 'How long the oldest event that a group has not committed has waited.',
    },
  },
  outboxPending: {
    name: 'tidings.outbox.pending',
    options: { ...events, description: 'Events of the outboxes that wait for their relay.' },
  },
  outboxAge: {
    name: 'tidings.outbox.oldest_age',
    options: {
      unit: 's',
      description: 'How long the oldest event of the outboxes has waited for its relay.',
    },
  },
}
