import { type AmqpOptions, type CloudEvent, encodeAmqp } from '../event/index.ts'
import { limits, TidingsError } from '../kernel/index.ts'
import {
  capabilityMissing,
  checkMember,
  type OutgoingRecord,
  placeName,
  publishFailed,
  type SubscribeRequest,
  type Subscription,
  type Transport,
} from '../log/index.ts'
import type { Broker } from './broker.ts'
import { closedError } from './broker-errors.ts'
import { type RabbitmqCapabilities, rabbitmqCapabilities } from './capabilities.ts'
import { type ForeignMessages, stampHeader } from './message-decoder.ts'
import type { OutgoingMessage, Publisher } from './publisher.ts'
import { exchangeOf } from './queues.ts'
import { RabbitmqSubscription } from './subscription.ts'
import { topicMissing, type TopologyStore } from './topology.ts'
import type { InFlight } from './topology-state.ts'

export interface RabbitmqTransportOptions {
  readonly broker: Broker
  readonly topology: TopologyStore
  readonly publisher: Publisher
  readonly mode: AmqpOptions['mode']
  readonly messages: Readonly<Record<string, ForeignMessages>>
  readonly prefetch: number
  readonly consumerTimeoutMs: number
}

/** The transport over RabbitMQ: a topic is an exchange, a group has a quorum queue for each partition. */
export class RabbitmqTransport implements Transport<RabbitmqCapabilities> {
  readonly capabilities: RabbitmqCapabilities
  readonly #options: RabbitmqTransportOptions
  readonly #subscriptions = new Map<RabbitmqSubscription, string>()
  readonly #published: () => void
  #looking: Promise<void> | undefined

  /** @param published is told when something was published. */
  constructor(options: RabbitmqTransportOptions, published: () => void) {
    this.capabilities = { ...rabbitmqCapabilities, handleWithinMs: options.consumerTimeoutMs }
    this.#options = options
    this.#published = published
  }

  async publish(records: readonly OutgoingRecord[], { tx }: { readonly tx: unknown }): Promise<void> {
    const { broker, mode } = this.#options
    if (tx !== undefined)
      throw capabilityMissing(
        this.capabilities.name,
        'callerTransaction',
        'it has no transactions of the caller. Publish without tx, through an outbox.',
      )
    if (records.some(({ notBefore }) => notBefore !== undefined && notBefore > broker.clock.now()))
      throw capabilityMissing(
        this.capabilities.name,
        'delay',
        'it appends nothing later. Publish without notBefore.',
      )
    if (broker.closed) throw closedError()
    const messages = records.map((record) => outgoing(record, mode, broker.clock.now()))
    await this.#places(records)
    await this.#send(messages)
  }

  async subscribe(request: SubscribeRequest): Promise<Subscription> {
    const { broker, topology, messages, prefetch } = this.#options
    if (broker.closed) throw closedError()
    checkMember(request.member)
    if (request.start !== 'end' && (await topology.loadGroup(request.group)).revision === 0)
      throw capabilityMissing(
        this.capabilities.name,
        `replay from ${placeName(request.start)}`,
        "it keeps no events for groups that are yet to come. Let the group start at 'end'.",
      )
    const subscription = await RabbitmqSubscription.join({ broker, topology, request, messages, prefetch })
    subscription.onClose(() => this.#subscriptions.delete(subscription))
    this.#subscriptions.set(subscription, request.group)
    return subscription
  }

  /** Whether a member of this process has the partition under this generation. */
  holds(group: string, topic: string, partition: number, generation: number): boolean {
    return this.#of(group).some((each) => each.holds(topic, partition, generation))
  }

  /** What members of this process have in hand of a partition; undefined where they do not have it. */
  inFlight(group: string, topic: string, partition: number): InFlight | undefined {
    return this.#of(group)
      .map((each) => each.inFlight(topic, partition))
      .find((each) => each !== undefined)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions.keys()].map((subscription) => subscription.close()))
  }

  #of(group: string): readonly RabbitmqSubscription[] {
    return [...this.#subscriptions].filter(([, name]) => name === group).map(([each]) => each)
  }

  async #send(messages: readonly OutgoingMessage[]): Promise<void> {
    const { publisher, topology } = this.#options
    const outcomes = [...(await publisher.send(messages))]
    // Without a group there is nobody who could ever read it: a later one starts at the end.
    const lost = (index: number): boolean => {
      const topic = messages[index]?.topic ?? ''
      return outcomes[index] === 'unroutable' && topology.groupsOf(topic).length > 0
    }
    const again = messages.map((_, index) => index).filter(lost)
    if (again.length > 0) {
      await topology.restore(new Set(again.map((index) => messages[index]?.topic ?? '')))
      const second = await publisher.send(again.flatMap((index) => messages[index] ?? []))
      for (const [at, index] of again.entries()) outcomes[index] = second[at] ?? 'unroutable'
    }
    const failures = outcomes.flatMap((outcome, index) => {
      const error = lost(index) ? unroutable(messages[index]) : outcome
      return error instanceof Error ? [{ index, error }] : []
    })
    if (failures.length < messages.length) this.#published()
    if (failures.length > 0) throw publishFailed(failures, messages.length)
  }

  /**
   * Fulfils when the topics are known, in the order of the calls.
   * @throws `topic_missing`, `partition_missing` before anything is written.
   */
  async #places(records: readonly OutgoingRecord[]): Promise<void> {
    const { topology } = this.#options
    const isUnknown = ({ topic }: OutgoingRecord): boolean => topology.topic(topic) === undefined
    if (this.#looking !== undefined || records.some(isUnknown)) {
      // Another process may have created it just now.
      const look = async (): Promise<void> => {
        if (records.some(isUnknown)) await topology.refresh()
      }
      const looking = (this.#looking ?? Promise.resolve()).then(look, look)
      this.#looking = looking
      try {
        await looking
      } finally {
        if (this.#looking === looking) this.#looking = undefined
      }
    }
    for (const { topic, partition } of records) {
      const known = topology.topic(topic)
      if (known === undefined)
        throw topicMissing(
          topic,
          (await topology.topics()).map(({ name }) => name),
        )
      if (partition < known.partitions) continue
      throw new TidingsError('partition_missing', `Topic "${topic}" has no partition ${partition}.`)
    }
  }
}

function unroutable(message: OutgoingMessage | undefined): TidingsError {
  return new TidingsError(
    'engine_unreachable',
    `No queue takes events of "${message?.topic}" partition ${message?.routingKey}, though groups read it: somebody deletes them.`,
  )
}

/** @throws `event_too_large` and what else the binding refuses. */
function outgoing(
  { topic, partition, event }: OutgoingRecord,
  mode: AmqpOptions['mode'],
  nowMs: number,
): OutgoingMessage {
  const { contentType, messageId, headers, content } = encodeAmqp(event, { mode })
  const headerBytes = Object.entries(headers).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  )
  const bytes = headerBytes + content.length
  if (bytes > limits.eventBytes) throw tooLarge(event, bytes, limits.eventBytes)
  if (headerBytes > limits.rabbitmqHeaderBytes)
    throw tooLarge(event, headerBytes, limits.rabbitmqHeaderBytes, ' of attributes')
  return {
    topic,
    exchange: exchangeOf(topic),
    routingKey: String(partition),
    content: Buffer.from(content.buffer, content.byteOffset, content.byteLength),
    options: {
      persistent: true,
      mandatory: true,
      timestamp: Math.floor(nowMs / 1_000),
      headers: { ...headers, [stampHeader]: nowMs },
      ...(messageId !== undefined && { messageId }),
      ...(contentType !== undefined && { contentType }),
    },
  }
}

function tooLarge({ type }: CloudEvent, bytes: number, most: number, of = ''): TidingsError {
  return new TidingsError(
    'event_too_large',
    `The event of type "${type}" has ${bytes} bytes${of}, more than ${most}. Publish less, or a reference to it.`,
  )
}
