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
import { eventOfMessage, type ForeignMessages, identityOf, stampOf } from './message-decoder.ts'
import { OwnedPartition } from './owned-partition.ts'
import { PartitionQueue } from './partition-queue.ts'
import { QueueWatch } from './queue-watch.ts'
import { queueOf } from './queues.ts'
import { Suspects } from './suspects.ts'
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
  readonly #watch: QueueWatch
  /** By name, the generation of partitions that are being let go of: the group may name them as held a moment longer. */
  readonly #releasing = new Map<string, number>()
  /** By name, the offset after the last that was given here. */
  readonly #given = new Map<string, number>()
  /** By name, those of the generation that this member has, or had last. */
  readonly #suspects = new Map<string, { readonly generation: number; readonly suspects: Suspects }>()
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
    this.#watch = new QueueWatch({
      broker,
      group: request.group,
      owned: () => this.#owned.values(),
      lost: (owned, why) => this.#lost(owned, why),
    })
    const stopWatching = topology.watch((change) => {
      if (change.kind === 'group' && change.group === request.group) this.#membership.look()
    })
    const stopHearing = topology.remade.add((topic) => {
      if (request.topics.includes(topic)) this.#watch.doubt()
    })
    this.#stopWatching = () => {
      stopWatching()
      stopHearing()
    }
  }

  static async join(options: SubscriptionOptions): Promise<RabbitmqSubscription> {
    const { topology, request } = options
    await topology.register(request.group, request.topics)
    const subscription = new RabbitmqSubscription(options)
    try {
      await subscription.#membership.join()
      subscription.#watch.start()
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
    await Promise.all(progress.map((each) => this.#countAttempts(each)))
    const refused = progress.flatMap(({ assignment, offset, finished = [] }) =>
      this.#ownedBy(assignment)?.acknowledge(offset, finished) === true ? [] : [assignment],
    )
    for (const assignment of refused) await this.#ownedBy(assignment)?.revoke()
    this.#reportSoon()
    return refused
  }

  /** The queue knows that an event was delivered before, and not whether it was attempted. */
  async #countAttempts(progress: Progress): Promise<void> {
    const owned = this.#ownedBy(progress.assignment)
    const attempts = owned?.attemptsToCount(progress)
    if (owned === undefined || attempts === undefined) return
    await this.#options.topology.count(this.#options.request.group, owned.name, attempts)
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
      await this.#letGo([owned])
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
    this.#watch.close()
    this.#stir()
    const all = [...this.#owned.values()]
    await Promise.all(all.map((owned) => this.#drop(owned)))
    await this.#letGo(all).catch(() => undefined)
    // When leaving cannot be said, the lease ends by itself.
    await this.#membership.leave().catch(() => undefined)
  }

  async #letGo(all: readonly OwnedPartition[]): Promise<void> {
    const names = all.map(({ name }) => name)
    if (names.length > 0) await this.#options.topology.letGo(this.#options.request.group, names)
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
      suspects: this.#suspectsOf(name, generation),
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

  /** The same for as long as nobody else was granted the partition. */
  #suspectsOf(name: string, generation: number): Suspects {
    const known = this.#suspects.get(name)
    if (known?.generation === generation) return known.suspects
    const { topology, request } = this.#options
    const suspects = new Suspects(topology.group(request.group)?.letGo.get(name) === generation)
    this.#suspects.set(name, { generation, suspects })
    return suspects
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
    owned.deliveredMs = this.#options.broker.clock.monotonic()
    const inHandBefore = this.#inHandBefore(owned, message, offset)
    owned.deliver({ topic, partition, offset, appendedAt, encoded, inHandBefore })
    this.#reportSoon()
    this.#stir()
  }

  /** Undefined for an event that nobody had, or only this member, which lives. */
  #inHandBefore(owned: OwnedPartition, message: ConsumeMessage, offset: number): number | undefined {
    if (!message.fields.redelivered) {
      owned.cameFresh()
      return undefined
    }
    const identity = identityOf(message)
    const known = this.#options.topology.group(this.#options.request.group)
    return owned.cameAgain(offset, identity, known?.attempts.get(owned.name)?.[identity])
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
