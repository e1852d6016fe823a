import type { ConsumeMessage } from 'amqplib'
import { isTidingsError, limits, type Timer } from '../kernel/index.ts'
import {
  type Assignment,
  type Batch,
  type Held,
  heldName,
  isFinal,
  Membership,
  partitionName,
  type Progress,
  type SubscribeRequest,
  type Subscription,
} from '../log/index.ts'
import type { Broker } from './broker.ts'
import { isNotFound } from './broker-errors.ts'
import { eventOfMessage, type ForeignMessages, stampOf } from './message-decoder.ts'
import { OwnedPartition } from './owned-partition.ts'
import { PartitionQueue } from './partition-queue.ts'
import { queueOf } from './queues.ts'
import type { TopologyStore } from './topology.ts'
import type { InFlight } from './topology-state.ts'

export interface SubscriptionOptions {
  readonly broker: Broker
  readonly topology: TopologyStore
  readonly request: SubscribeRequest
  readonly messages: Readonly<Record<string, ForeignMessages>>
  readonly prefetch: number
}

/**
 * One member's subscription. Who has which partition is agreed upon in the topology; whoever has it consumes its queue,
 * and the queue's single active consumer keeps a second one waiting until the first has let go.
 */
export class RabbitmqSubscription implements Subscription {
  readonly #options: SubscriptionOptions
  readonly #membership: Membership
  readonly #owned = new Map<string, OwnedPartition>()
  readonly #stopWatching: () => void
  /** By name, the generation of partitions that are being let go of: the group may name them as held a moment longer. */
  readonly #releasing = new Map<string, number>()
  /** By name, the offset after the last that was given here. */
  readonly #given = new Map<string, number>()
  #turn = 0
  #closing: Promise<void> | undefined
  #failure: Error | undefined
  #forget: () => void = () => undefined
  #stirred = false
  #wake: () => void = () => undefined
  #reportTimer: Timer | undefined
  #reported = ''

  private constructor(options: SubscriptionOptions) {
    const { broker, topology, request } = options
    this.#options = options
    this.#membership = new Membership({
      store: topology,
      clock: broker.clock,
      ...request,
      changed: (held, wanted) => this.#apply(held, wanted),
      lost: (error) => this.#lose(error),
    })
    this.#stopWatching = topology.watch((change) => {
      if (change.kind === 'group' && change.group === request.group) this.#membership.look()
    })
  }

  static async join(options: SubscriptionOptions): Promise<RabbitmqSubscription> {
    const { topology, request } = options
    await topology.register(request.group, request.topics)
    const subscription = new RabbitmqSubscription(options)
    try {
      await subscription.#membership.join()
      return subscription
    } catch (error) {
      await subscription.close()
      throw error
    }
  }

  get assigned(): readonly Assignment[] {
    return [...this.#owned.values()].map(({ assignment }) => assignment)
  }

  /** Whether the member has the partition under this generation. */
  holds(topic: string, partition: number, generation: number): boolean {
    const owned = this.#owned.get(partitionName(topic, partition))
    return owned?.assignment.generation === generation && owned.assignment.isHeld()
  }

  /** What it has in hand of a partition; undefined where it does not have it. */
  inFlight(topic: string, partition: number): InFlight | undefined {
    return this.#owned.get(partitionName(topic, partition))?.inFlight
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    while (this.#closing === undefined) {
      this.#stirred = false
      const batch = this.#next()
      if (batch !== undefined) yield batch
      else if (!this.#stirred && this.#failure === undefined) await this.#stirring()
      if (this.#failure !== undefined) throw this.#failure
    }
  }

  async commit(progress: readonly Progress[]): Promise<readonly Assignment[]> {
    const refused = progress.flatMap(({ assignment, offset, finished = [] }) =>
      this.#ownedBy(assignment)?.acknowledge(offset, finished) === true ? [] : [assignment],
    )
    for (const assignment of refused) await this.#ownedBy(assignment)?.revoke()
    this.#reportSoon()
    return refused
  }

  pause(assignment: Assignment): void {
    const owned = this.#ownedBy(assignment)
    if (owned !== undefined) owned.paused = true
  }

  resume(assignment: Assignment): void {
    const owned = this.#ownedBy(assignment)
    if (owned === undefined || !owned.paused) return
    owned.paused = false
    this.#stir()
  }

  async release(assignment: Assignment): Promise<void> {
    const owned = this.#ownedBy(assignment)
    if (owned === undefined) return
    this.#releasing.set(owned.name, assignment.generation)
    try {
      // Only then may the next owner consume: until the channel is closed the queue gives it nothing anyway.
      await this.#drop(owned)
      await this.#membership.release([owned.name])
    } finally {
      this.#releasing.delete(owned.name)
    }
  }

  onClose(forget: () => void): void {
    this.#forget = forget
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#forget()
    this.#stopWatching()
    this.#reportTimer?.cancel()
    this.#stir()
    await Promise.all([...this.#owned.values()].map((owned) => this.#drop(owned)))
    // When leaving cannot be said, the lease ends by itself.
    await this.#membership.leave().catch(() => undefined)
  }

  #ownedBy(assignment: Assignment): OwnedPartition | undefined {
    const owned = this.#owned.get(partitionName(assignment.topic, assignment.partition))
    return owned?.assignment === assignment ? owned : undefined
  }

  #stir(): void {
    this.#stirred = true
    this.#wake()
  }

  #stirring(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** The next batch of the partition whose turn it is, if anything is there. */
  #next(): Batch | undefined {
    const all = [...this.#owned.values()]
    for (let step = 0; step < all.length; step++) {
      this.#turn = (this.#turn + 1) % all.length
      const batch = all[this.#turn]?.take(this.#options.request.fetch)
      if (batch !== undefined) return batch
    }
    return undefined
  }

  /** Brings what is owned in line with what the group says. */
  async #apply(held: readonly Held[], wanted: ReadonlySet<string>): Promise<void> {
    const byName = new Map(held.map((each) => [heldName(each), each]))
    for (const owned of this.#owned.values()) {
      if (byName.get(owned.name)?.generation !== owned.assignment.generation) void this.#drop(owned)
      else if (wanted.has(owned.name)) owned.leave()
    }
    const granted = held.filter((each) => {
      const name = heldName(each)
      return !this.#owned.has(name) && this.#releasing.get(name) !== each.generation
    })
    await Promise.all(granted.map((each) => this.#own(each)))
  }

  async #own({ topic, partition, generation, runNumber }: Held): Promise<void> {
    if (this.#closing !== undefined) return
    const { clock } = this.#options.broker
    const name = partitionName(topic, partition)
    const owned = new OwnedPartition({
      topic,
      partition,
      generation,
      runNumber,
      from: Math.max(this.#given.get(name) ?? 0, Math.floor(clock.now()) * offsetsPerMs),
      isLive: () => this.#membership.alive,
      lapsed: () => this.#lapse(),
    })
    this.#owned.set(name, owned)
    try {
      owned.opened(await this.#consume(owned))
    } catch (error) {
      await this.#drop(owned)
      throw error
    }
    if (owned.isRevoked) await owned.revoke()
    this.#stir()
  }

  async #consume(owned: OwnedPartition): Promise<PartitionQueue> {
    const { broker, request, prefetch } = this.#options
    const { topic, partition } = owned.assignment
    const queue = queueOf(request.group, topic, partition)
    const open = (): Promise<PartitionQueue> =>
      PartitionQueue.open({
        broker,
        queue,
        prefetch,
        from: owned.from,
        delivered: (message, offset) => this.#deliver(owned, message, offset),
        lost: (why) => this.#lost(owned, why),
      })
    try {
      return await open()
    } catch (error) {
      if (!isTidingsError(error) || !isNotFound(error.cause)) throw error
      await this.#restore(owned)
      return open()
    }
  }

  #deliver(owned: OwnedPartition, message: ConsumeMessage, offset: number): void {
    const { topic, partition } = owned.assignment
    const encoded = eventOfMessage(topic, message, this.#options.messages)
    const appendedAt = stampOf(message) ?? this.#options.broker.clock.now()
    this.#given.set(owned.name, offset + 1)
    owned.deliver({ topic, partition, offset, appendedAt, encoded })
    this.#reportSoon()
    this.#stir()
  }

  /** What was in hand is delivered again, under another assignment. */
  #lost(owned: OwnedPartition, why: 'lost' | 'deleted'): void {
    void this.#drop(owned)
    const again = (): void => this.#membership.renew()
    if (why === 'lost') return again()
    this.#restore(owned).then(again, again)
  }

  /** Somebody has deleted the queue: what waited in it is gone; from now on events come again. */
  async #restore({ assignment: { topic, partition } }: OwnedPartition): Promise<void> {
    const { topology, request } = this.#options
    process.emitWarning(queueDeleted(queueOf(request.group, topic, partition)))
    await topology.restore(new Set([topic]))
  }

  async #drop(owned: OwnedPartition): Promise<void> {
    if (this.#owned.get(owned.name) === owned) this.#owned.delete(owned.name)
    await owned.revoke()
  }

  #dropAll(): void {
    for (const owned of this.#owned.values()) void this.#drop(owned)
  }

  /** The lease, which is that of every partition, may have ended: others may wait for all of them. */
  #lapse(): void {
    this.#dropAll()
    this.#membership.renew()
  }

  #lose(error: Error): void {
    this.#dropAll()
    // Otherwise the next heartbeat that succeeds brings the partitions back.
    if (!isFinal(error)) return
    this.#failure = error
    this.#stir()
  }

  #reportSoon(): void {
    const { clock } = this.#options.broker
    this.#reportTimer ??= clock.schedule(limits.rabbitmqReportMs, () => this.#report(), { background: true })
  }

  /** For those who ask from other processes how far the group is behind. */
  #report(): void {
    this.#reportTimer = undefined
    const { topology, request } = this.#options
    const all = [...this.#owned.values()].map((owned) => [owned.name, owned.inFlight] as const)
    const busy = Object.fromEntries(all.filter(([, { events }]) => events > 0))
    const reported = JSON.stringify(busy)
    if (this.#closing !== undefined || reported === this.#reported) return
    this.#reported = reported
    topology.report(request.group, request.member, busy).catch(() => (this.#reported = ''))
  }
}

/**
 * RabbitMQ has no offsets. Those here begin at the clock with each assignment, so that they are above all that were given
 * before, on any member whose clock does not go back by more than the events took.
 */
const offsetsPerMs = 1_024

function queueDeleted(queue: string): Error {
  return new Error(
    `Somebody has deleted RabbitMQ's queue "${queue}". It is declared again; what waited in it is lost.`,
  )
}
