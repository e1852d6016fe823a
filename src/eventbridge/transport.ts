import { encodeEventBridge } from '../event/index.ts'
import { limits, TidingsError, type Timer } from '../kernel/index.ts'
import {
  capabilityMissing,
  checkMember,
  type GroupInfo,
  type OutgoingRecord,
  placeName,
  publishFailed,
  type SubscribeRequest,
  type Subscription,
  type Transport,
} from '../log/index.ts'
import type { Aws } from './aws.ts'
import { closedError } from './aws-errors.ts'
import { type EventbridgeCapabilities, eventbridgeCapabilities } from './capabilities.ts'
import type { GroupQueues } from './group-queues.ts'
import type { HeldMessage } from './held-messages.ts'
import type { OutgoingEntry, Publisher } from './publisher.ts'
import { resourceOf } from './rules.ts'
import { EventbridgeSubscription, type SubscriptionOptions } from './subscription.ts'
import { type Topology, topicMissing } from './topology.ts'

export interface EventbridgeTransportOptions extends Pick<SubscriptionOptions, 'reading'> {
  readonly aws: Aws
  readonly topology: Topology
  readonly queues: GroupQueues
  readonly publisher: Publisher
  /** The event of a dead letter that was delivered again is handled. */
  readonly redriven: (group: string, topic: string, message: HeldMessage) => Promise<void>
  /** Something was published. */
  readonly published: () => void
}

interface Joined {
  readonly group: string
  readonly member: string
  readonly subscription: EventbridgeSubscription
}

/** The transport over EventBridge and SQS: events are put on the bus, and received from the queue of a group. */
export class EventbridgeTransport implements Transport<EventbridgeCapabilities> {
  readonly capabilities: EventbridgeCapabilities = eventbridgeCapabilities
  readonly #options: EventbridgeTransportOptions
  readonly #joined = new Set<Joined>()
  #looking: Timer | undefined

  constructor(options: EventbridgeTransportOptions) {
    this.#options = options
  }

  async publish(records: readonly OutgoingRecord[], { tx }: { readonly tx: unknown }): Promise<void> {
    const { aws, publisher, published } = this.#options
    if (tx !== undefined)
      throw lacking(
        'callerTransaction',
        'it has no transactions of the caller. Publish without tx, through an outbox.',
      )
    if (records.some(({ notBefore }) => notBefore !== undefined && notBefore > aws.clock.now()))
      throw lacking('delay', 'it appends nothing later. Publish without notBefore.')
    if (aws.closed) throw closedError()
    const entries = records.map(outgoing)
    await this.#checkPlaces(records)
    const outcomes = await publisher.send(entries)
    const failures = outcomes.flatMap((outcome, index) =>
      outcome instanceof Error ? [{ index, error: outcome }] : [],
    )
    if (failures.length < records.length) published()
    if (failures.length > 0) throw publishFailed(failures, records.length)
  }

  async subscribe(request: SubscribeRequest): Promise<Subscription> {
    const { aws, topology, queues, reading, redriven } = this.#options
    const { group, member, rewind } = request
    if (aws.closed) throw closedError()
    checkMember(member)
    await topology.refresh()
    if (request.start !== 'end' && topology.group(group).length === 0)
      throw lacking(
        `replay from ${placeName(request.start)}`,
        "it keeps no events for groups that are yet to come. Let the group start at 'end'.",
      )
    const topics = request.topics.map((name) => topology.topic(name) ?? this.#missing(name))
    const options: SubscriptionOptions = {
      aws,
      request,
      reading,
      group: () => topology.group(group),
      prepare: async (topic) => {
        await topology.refresh()
        return queues.prepare(group, topic, rewind)
      },
      redriven: async ({ assignment: { topic } }, messages) => {
        for (const message of messages) await redriven(group, topic, message)
      },
    }
    const joined = { group, member, subscription: await EventbridgeSubscription.join(options, topics) }
    joined.subscription.onClose(() => this.#joined.delete(joined))
    this.#joined.add(joined)
    this.#lookLater()
    return joined.subscription
  }

  /** What members of this process have in hand at an offset. */
  heldAt(group: string, topic: string, partition: number, offset: number): HeldMessage | undefined {
    for (const each of this.#joined) {
      const held = each.group === group ? each.subscription.heldAt(topic, partition, offset) : undefined
      if (held !== undefined) return held
    }
    return undefined
  }

  /** Members of this process. */
  membersOf(name: string): GroupInfo['members'] {
    return [...this.#joined]
      .filter(({ group }) => group === name)
      .map(({ member, subscription }) => ({
        member,
        partitions: subscription.assigned.map(({ topic, partition }) => ({ topic, partition })),
      }))
  }

  /** What the rules say may have changed. */
  look(): void {
    for (const { subscription } of this.#joined) subscription.look()
  }

  async close(): Promise<void> {
    this.#looking?.cancel()
    await Promise.all([...this.#joined].map(({ subscription }) => subscription.close()))
  }

  /** Other processes pause groups, and somebody may delete rules. */
  #lookLater(): void {
    const { aws, topology } = this.#options
    const look = async (): Promise<void> => {
      this.#looking = undefined
      if (this.#joined.size === 0 || aws.closed) return
      // What AWS does not answer now it answers later.
      await topology.refresh().then(
        () => this.look(),
        () => undefined,
      )
      this.#lookLater()
    }
    if (aws.closed) return
    this.#looking ??= aws.clock.schedule(limits.eventbridgeLookMs, () => void look(), { background: true })
  }

  /** @throws `topic_missing`, `partition_missing` before anything is sent. */
  async #checkPlaces(records: readonly OutgoingRecord[]): Promise<void> {
    const { topology } = this.#options
    // Another process may have created it just now.
    if (records.some(({ topic }) => topology.topic(topic) === undefined)) await topology.refresh()
    for (const { topic, partition } of records) {
      const known = topology.topic(topic) ?? this.#missing(topic)
      if (partition < known.partitions) continue
      throw new TidingsError('partition_missing', `Topic "${topic}" has no partition ${partition}.`)
    }
  }

  #missing(topic: string): never {
    throw topicMissing(
      topic,
      this.#options.topology.topics().map(({ name }) => name),
    )
  }
}

function lacking(capability: string, sentence: string): TidingsError {
  return capabilityMissing(eventbridgeCapabilities.name, capability, sentence)
}

/** @throws `event_too_large` and what else EventBridge would refuse. */
function outgoing({ topic, partition, event }: OutgoingRecord): OutgoingEntry {
  const entry = encodeEventBridge(event)
  const resource = resourceOf(topic, partition)
  const texts = [entry.source, entry.detailType, entry.detail, resource]
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  if (bytes <= limits.eventbridgeRequestBytes) return { ...entry, resource, bytes }
  throw new TidingsError(
    'event_too_large',
    `The event of type "${event.type}" takes ${bytes} bytes, and EventBridge no more than ${limits.eventbridgeRequestBytes}. Publish less, or a reference to it.`,
  )
}
