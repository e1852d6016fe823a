import { randomUUID } from 'node:crypto'
import { isTidingsError, limits, sleep, TidingsError, type Timer } from '../kernel/index.ts'
import { partitionName } from '../log/index.ts'
import { broker, brokerError, isPassing } from './broker-errors.ts'
import type { Cluster, Line, TopicMetadata } from './cluster.ts'
import type { Membership, MembershipOptions } from './membership.ts'
import type { Committer, Place } from './offsets.ts'
import { requests } from './requests.ts'

/**
 * A member by the protocol of KIP-848: the broker decides who has what and hands over one partition at a time, when its
 * owner has let go. How long a session lasts is a setting of the broker.
 */
export class ConsumerMembership implements Membership {
  readonly #cluster: Cluster
  readonly #options: MembershipOptions
  readonly #line: Line
  readonly #memberId = randomUUID()
  /** What it has not given back, by partition name. */
  readonly #owned = new Map<string, Place>()
  /** What the broker has last said that it may have. */
  #target: readonly Place[] = []
  #epoch = 0
  #leaseEndMs = 0
  #timer: Timer | undefined
  #beating: Promise<number> | undefined
  #left = false

  constructor(cluster: Cluster, options: MembershipOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#line = cluster.line(0, options.member)
  }

  get committer(): Committer {
    return { memberId: this.#memberId, epoch: this.#epoch, instanceId: this.#instanceId }
  }

  isLive(): boolean {
    return this.#epoch > 0 && this.#cluster.clock.monotonic() < this.#leaseEndMs
  }

  async join(): Promise<void> {
    try {
      const endMs = this.#cluster.clock.monotonic() + this.#options.sessionTimeoutMs + limits.kafkaPatienceMs
      for (let code = await this.#beat(); this.#epoch === 0; code = await this.#beat()) {
        const passes = isPassing(code) || code === broker.unreleasedInstance
        if (!passes || this.#cluster.clock.monotonic() > endMs) {
          throw brokerError(code, `Joining group "${this.#options.group}"`)
        }
        await sleep(this.#cluster.clock, limits.readRetryMs)
      }
    } catch (error) {
      await this.leave()
      throw error
    }
    this.#beatLater(this.#options.heartbeatEveryMs)
  }

  release(places: readonly Place[]): void {
    for (const { topic, partition } of places) this.#owned.delete(partitionName(topic, partition))
    void this.#beatNow()
  }

  async settle(): Promise<void> {
    await this.#beatNow()
  }

  async leave(): Promise<void> {
    if (this.#left) return
    this.#left = true
    this.#timer?.cancel()
    await this.#beating?.catch(() => undefined)
    if (this.#epoch > 0) {
      const leaving = this.#instanceId === null ? leaves : leavesForAWhile
      await this.#send(leaving, false).catch(() => undefined)
    }
    await this.#line.close()
  }

  get #instanceId(): string | null {
    return this.#options.instanceId ?? null
  }

  #beatLater(delayMs: number): void {
    this.#timer?.cancel()
    if (this.#left) return
    this.#timer = this.#cluster.clock.schedule(delayMs, () => void this.#beatNow())
  }

  /** One that is under way is waited for: it may not say what is to be said now. */
  async #beatNow(): Promise<void> {
    if (this.#left) return
    await this.#beating
    const code = await this.#beat()
    this.#beatLater(code === broker.ok ? this.#options.heartbeatEveryMs : limits.readRetryMs)
  }

  /** Never rejects; the code of the answer. */
  #beat(): Promise<number> {
    this.#beating ??= this.#beatOnce().finally(() => {
      this.#beating = undefined
    })
    return this.#beating
  }

  async #beatOnce(): Promise<number> {
    const { group, sessionTimeoutMs, events } = this.#options
    const sentMs = this.#cluster.clock.monotonic()
    const answer = await this.#send(this.#epoch, true).catch((error: unknown) => toCode(error))
    if (this.#left) return broker.ok
    const code = typeof answer === 'number' ? answer : answer.errorCode
    if (typeof answer === 'number' || code !== broker.ok) {
      if (isPassing(code)) this.#cluster.forgetCoordinator(group)
      else if (code === broker.unknownMember || code === broker.fencedMemberEpoch) this.#lose()
      else if (code !== broker.unreleasedInstance && this.#epoch > 0) {
        events.failed(brokerError(code, `Staying in group "${group}"`))
      }
      return code
    }
    const lapsed = !this.isLive()
    const changed = answer.assignment !== null || answer.memberEpoch !== this.#epoch || lapsed
    this.#epoch = answer.memberEpoch
    this.#leaseEndMs = Math.max(this.#leaseEndMs, sentMs + sessionTimeoutMs)
    if (answer.assignment !== null) {
      const target = await this.#placesOf(answer.assignment.topicPartitions).catch(() => undefined)
      // The broker says it again with the next heartbeat.
      if (target === undefined) return broker.coordinatorNotAvailable
      this.#target = target
    }
    if (!changed || this.#left) return code
    const before = this.#owned.size
    for (const place of this.#target) this.#owned.set(partitionName(place.topic, place.partition), place)
    events.assigned(this.#target, this.#epoch)
    // The broker learns with the next heartbeat that they are taken.
    if (this.#owned.size !== before) this.#cluster.clock.defer(() => void this.#beatNow())
    return code
  }

  async #send(
    epoch: number,
    whole: boolean,
  ): Promise<Awaited<ReturnType<typeof requests.consumerGroupHeartbeat.async>>> {
    const { group, topics } = this.#options
    return this.#cluster.ask(
      { group },
      requests.consumerGroupHeartbeat,
      [
        group,
        this.#memberId,
        epoch,
        this.#instanceId,
        null,
        whole ? limits.kafkaRebalanceMs : -1,
        whole ? [...topics] : null,
        null,
        null,
        whole ? await this.#ownedByTopic() : null,
      ],
      this.#line,
    )
  }

  async #ownedByTopic(): Promise<{ topicId: string; partitions: number[] }[]> {
    if (this.#epoch === 0) return []
    const groups = [...Map.groupBy(this.#owned.values(), ({ topic }) => topic)]
    const named = await Promise.all(
      groups.map(async ([name, places]) => ({ topic: await this.#topic(name), places })),
    )
    return named.flatMap(({ topic, places }) =>
      topic === undefined
        ? []
        : [{ topicId: topic.id, partitions: places.map(({ partition }) => partition) }],
    )
  }

  async #placesOf(
    assigned: readonly { readonly topicId: string; readonly partitions: readonly number[] }[],
  ): Promise<readonly Place[]> {
    const names = this.#options.topics
    const known = names.map((name) => this.#cluster.known(name))
    const isNew = assigned.some(({ topicId }) => !known.some((each) => each?.id === topicId))
    const topics = isNew ? await this.#cluster.patiently(() => this.#cluster.refresh(names)) : known
    return assigned.flatMap(({ topicId, partitions }) => {
      const topic = topics.find((each) => each?.id === topicId)?.name
      return topic === undefined ? [] : partitions.map((partition) => ({ topic, partition }))
    })
  }

  /** Undefined for one that somebody has deleted. */
  async #topic(name: string): Promise<TopicMetadata | undefined> {
    return this.#cluster.topic(name).catch((error: unknown) => {
      if (isTidingsError(error, 'topic_missing')) return undefined
      throw error
    })
  }

  #lose(): void {
    this.#epoch = 0
    this.#target = []
    this.#owned.clear()
    this.#options.events.lost()
  }
}

/** Member epochs that say that the member goes, for good or to come back under its instance id. */
const leaves = -1
const leavesForAWhile = -2

function toCode(error: unknown): number {
  if (error instanceof TidingsError && error.kind === 'unreachable') return broker.coordinatorNotAvailable
  return broker.groupDenied
}
