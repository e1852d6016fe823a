import { type CloudEvent, encodeKafka, type KafkaOptions } from '../event/index.ts'
import { isTidingsError, limits, TidingsError } from '../kernel/index.ts'
import {
  capabilityMissing,
  checkMember,
  type OutgoingRecord,
  publishFailed,
  type SubscribeRequest,
  type Subscription,
  type Transport,
} from '../log/index.ts'
import { type KafkaCapabilities, kafkaCapabilities } from './capabilities.ts'
import { ClassicMembership } from './classic-membership.ts'
import { closedError, type Cluster } from './cluster.ts'
import { ConsumerMembership } from './consumer-membership.ts'
import type { GroupSettingsLog } from './group-settings.ts'
import type { Membership, MembershipEvents } from './membership.ts'
import type { ProducedRecord, Producer } from './producer.ts'
import type { RecordDecoder } from './record-decoder.ts'
import { KafkaSubscription } from './subscription.ts'

export interface KafkaTransportOptions {
  readonly cluster: Cluster
  readonly producer: Producer
  readonly settings: GroupSettingsLog
  readonly decoder: RecordDecoder
  readonly mode: KafkaOptions['mode']
  readonly groupProtocol: 'classic' | 'consumer'
  readonly staticMembers: boolean
  /** How long a publish waits for a broker that does not answer. */
  readonly deliveryMs: number
}

/** The transport over Kafka: the broker owns groups, everything else of a group is above this. */
export class KafkaTransport implements Transport<KafkaCapabilities> {
  readonly capabilities: KafkaCapabilities = kafkaCapabilities
  readonly #options: KafkaTransportOptions
  readonly #subscriptions = new Map<KafkaSubscription, string>()
  readonly #appended: () => void
  #looking: Promise<void> | undefined

  /** @param appended is told when something was published. */
  constructor(options: KafkaTransportOptions, appended: () => void) {
    this.#options = options
    this.#appended = appended
  }

  async publish(records: readonly OutgoingRecord[], { tx }: { readonly tx: unknown }): Promise<void> {
    if (tx !== undefined)
      throw capabilityMissing(
        this.capabilities.name,
        'callerTransaction',
        'it has no transactions of the caller. Publish without tx, through an outbox.',
      )
    if (
      records.some(
        ({ notBefore }) => notBefore !== undefined && notBefore > this.#options.cluster.clock.now(),
      )
    ) {
      throw capabilityMissing(
        this.capabilities.name,
        'delay',
        'it appends nothing later. Publish without notBefore.',
      )
    }
    if (this.#options.cluster.closed) throw closedError()
    const produced = records.map((record) => producedRecord(record, this.#options.mode))
    await this.#places(records).catch((error: unknown) => {
      if (!isTidingsError(error) || error.kind !== 'unreachable') throw error
      throw publishFailed(
        records.map((_, index) => ({ index, error })),
        records.length,
      )
    })
    const outcomes = await this.#options.producer.send(produced)
    const failures = outcomes.flatMap((error, index) => (error === undefined ? [] : [{ index, error }]))
    if (failures.length < records.length) this.#appended()
    const [first] = failures
    if (first === undefined) return
    if (
      first.error instanceof TidingsError &&
      whole.has(first.error.kind) &&
      failures.length === records.length
    ) {
      throw first.error
    }
    throw publishFailed(failures, records.length)
  }

  async subscribe(request: SubscribeRequest): Promise<Subscription> {
    const { cluster, settings, decoder } = this.#options
    if (cluster.closed) throw closedError()
    checkMember(request.member)
    const subscription = await KafkaSubscription.join({
      cluster,
      settings,
      decoder,
      request,
      membership: (events) => this.#membership(request, events),
    })
    subscription.onClose(() => this.#subscriptions.delete(subscription))
    this.#subscriptions.set(subscription, request.group)
    return subscription
  }

  /** Whether a member of this process still has the partition under this generation; asks the group. */
  async holds(group: string, topic: string, partition: number, generation: number): Promise<boolean> {
    for (const [subscription, itsGroup] of this.#subscriptions) {
      if (itsGroup === group && (await subscription.holds(topic, partition, generation))) return true
    }
    return false
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions.keys()].map((subscription) => subscription.close()))
  }

  #membership(request: SubscribeRequest, events: MembershipEvents): Membership {
    const { cluster, groupProtocol, staticMembers } = this.#options
    const { group, member, topics, sessionTimeoutMs, heartbeatEveryMs } = request
    const instanceId = staticMembers ? member : undefined
    const options = { group, member, topics, sessionTimeoutMs, heartbeatEveryMs, instanceId, events }
    return groupProtocol === 'classic'
      ? new ClassicMembership(cluster, options)
      : new ConsumerMembership(cluster, options)
  }

  /**
   * Fulfils when the topics are known, in the order of the calls.
   * @throws `topic_missing`, `partition_missing` before anything is written.
   */
  async #places(records: readonly OutgoingRecord[]): Promise<void> {
    const { cluster, deliveryMs } = this.#options
    const topics = [...new Set(records.map(({ topic }) => topic))]
    if (this.#looking !== undefined || topics.some((topic) => cluster.known(topic) === undefined)) {
      const look = async (): Promise<void> => {
        for (const topic of topics) await cluster.topic(topic, deliveryMs)
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
      if (cluster.known(topic)?.leaders[partition] !== undefined) continue
      throw new TidingsError('partition_missing', `Topic "${topic}" has no partition ${partition}.`)
    }
  }
}

/** Kinds of errors that say all there is to say of a publish. */
const whole: ReadonlySet<string> = new Set(['usage', 'invalid', 'missing', 'refused'])

/** @throws `event_too_large` and what else the binding refuses. */
function producedRecord(
  { topic, partition, event }: OutgoingRecord,
  mode: KafkaOptions['mode'],
): ProducedRecord {
  const { key, headers: texts, value: body } = encodeKafka(event, { mode })
  const value = body === null ? null : asBuffer(body)
  const headers = new Map<Buffer, Buffer>()
  let bytes = value?.length ?? 0
  for (const [name, text] of Object.entries(texts)) {
    const header = Buffer.from(text)
    bytes += name.length + header.length
    headers.set(headerName(name), header)
  }
  if (bytes > limits.eventBytes) throw tooLarge(event, bytes)
  return {
    topic,
    partition,
    key: key === undefined ? undefined : Buffer.from(key),
    value,
    headers,
    bytes: bytes + 32,
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

const names = new Map<string, Buffer>()

/** The names of attributes come again with every event. */
function headerName(name: string): Buffer {
  const known = names.get(name)
  if (known !== undefined) return known
  const made = Buffer.from(name)
  if (names.size < limits.kafkaHeaderNames) names.set(name, made)
  return made
}

function tooLarge({ type }: CloudEvent, bytes: number): TidingsError {
  return new TidingsError(
    'event_too_large',
    `The event of type "${type}" has ${bytes} bytes, more than ${limits.eventBytes}. Publish less, or a reference to it.`,
  )
}
