import { limits, sleep, TidingsError, type Timer } from '../kernel/index.ts'
import { partitionName } from '../log/index.ts'
import { broker, brokerError, isPassing } from './broker-errors.ts'
import {
  assignedOf,
  assignmentsOf,
  protocolName,
  protocolType,
  subscriptionOf,
} from './classic-assignment.ts'
import type { Cluster, Line } from './cluster.ts'
import type { Membership, MembershipOptions } from './membership.ts'
import type { Committer, Place } from './offsets.ts'
import { requests } from './requests.ts'

/**
 * A member by Kafka's classic protocol, rebalancing cooperatively: the members keep what they have while they agree on who
 * shall have what, and a partition is given to another only when its owner has let go of it, or its session has ended.
 */
export class ClassicMembership implements Membership {
  readonly #cluster: Cluster
  readonly #options: MembershipOptions
  readonly #heartbeats: Line
  /** Joining waits for the other members: on a connection of its own. */
  readonly #joins: Line
  /** What it has not given back, by partition name. */
  readonly #owned = new Map<string, Place>()
  /** What the group has last said that it may have. */
  #target: readonly Place[] = []
  #memberId = ''
  #generation = -1
  #sessionTimeoutMs: number
  #leaseEndMs = 0
  #joining: Promise<void> | undefined
  #joinAgain = false
  #timer: Timer | undefined
  #left = false

  constructor(cluster: Cluster, options: MembershipOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#sessionTimeoutMs = options.sessionTimeoutMs
    this.#heartbeats = cluster.line()
    this.#joins = cluster.line(limits.kafkaRebalanceMs, options.member)
  }

  get committer(): Committer {
    return { memberId: this.#memberId, epoch: this.#generation, instanceId: this.#instanceId }
  }

  isLive(): boolean {
    return this.#generation >= 0 && this.#cluster.clock.monotonic() < this.#leaseEndMs
  }

  async join(): Promise<void> {
    this.#beatLater()
    try {
      await this.#rejoin(limits.kafkaPatienceMs)
    } catch (error) {
      await this.leave()
      throw error
    }
  }

  release(places: readonly Place[]): void {
    for (const { topic, partition } of places) this.#owned.delete(partitionName(topic, partition))
    this.#rejoinSoon()
  }

  async settle(): Promise<void> {
    await this.#joining
    await this.#beat()
    await this.#joining
  }

  async leave(): Promise<void> {
    if (this.#left) return
    this.#left = true
    this.#timer?.cancel()
    const members = [{ memberId: this.#memberId, groupInstanceId: null }]
    if (this.#memberId !== '' && this.#instanceId === null) {
      await this.#cluster
        .ask(
          { group: this.#options.group },
          requests.leaveGroup,
          [this.#options.group, members],
          this.#heartbeats,
        )
        .catch(() => undefined)
    }
    await Promise.all([this.#heartbeats.close(), this.#joins.close()])
  }

  get #instanceId(): string | null {
    return this.#options.instanceId ?? null
  }

  #rejoinSoon(): void {
    if (this.#left) return
    if (this.#joining !== undefined) {
      this.#joinAgain = true
      return
    }
    void this.#rejoin(Number.POSITIVE_INFINITY).catch((error: unknown) => this.#fail(error))
  }

  #rejoin(patienceMs: number): Promise<void> {
    this.#joining ??= this.#joinUntilSettled(patienceMs).finally(() => {
      this.#joining = undefined
      if (this.#joinAgain) this.#rejoinSoon()
    })
    return this.#joining
  }

  /** @throws what does not pass: the group cannot be joined. */
  async #joinUntilSettled(patienceMs: number): Promise<void> {
    const { clock } = this.#cluster
    const endMs = clock.monotonic() + patienceMs
    let waitMs: number = limits.kafkaFirstBackoffMs
    while (!this.#left) {
      this.#joinAgain = false
      try {
        if (await this.#joinOnce()) return
      } catch (error) {
        this.#cluster.forgetCoordinator(this.#options.group)
        const passes = error instanceof TidingsError && error.kind === 'unreachable'
        if (!passes || clock.monotonic() + waitMs > endMs) throw error
        await sleep(clock, waitMs)
        waitMs = Math.min(2 * waitMs, limits.kafkaLongestBackoffMs)
      }
    }
  }

  /** True when the member has its assignment. */
  async #joinOnce(): Promise<boolean> {
    const { group } = this.#options
    const sessionTimeoutMs = this.#sessionTimeoutMs
    const metadata = subscriptionOf(this.#options, [...this.#owned.values()], this.#generation)
    const joined = await this.#cluster.ask(
      { group },
      requests.joinGroup,
      [
        group,
        sessionTimeoutMs,
        limits.kafkaRebalanceMs,
        this.#memberId,
        this.#instanceId,
        protocolType,
        [{ name: protocolName, metadata }],
      ],
      this.#joins,
    )
    if (joined.errorCode === broker.memberIdRequired) {
      this.#memberId = joined.memberId
      return false
    }
    if (joined.errorCode !== broker.ok) return this.#refused(joined.errorCode)
    this.#memberId = joined.memberId
    const { generationId, leader, memberId } = joined
    const assignments = leader === memberId ? await assignmentsOf(this.#cluster, joined.members) : []
    const sentMs = this.#cluster.clock.monotonic()
    const synced = await this.#cluster.ask(
      { group },
      requests.syncGroup,
      [group, generationId, memberId, this.#instanceId, protocolType, protocolName, assignments],
      this.#joins,
    )
    if (synced.errorCode === broker.rebalanceInProgress) return false
    if (synced.errorCode !== broker.ok) return this.#refused(synced.errorCode)
    this.#generation = generationId
    this.#leaseEndMs = Math.max(this.#leaseEndMs, sentMs + sessionTimeoutMs)
    this.#assigned(assignedOf(synced.assignment))
    return true
  }

  /** False when joining again may help. */
  #refused(code: number): false {
    if (code === broker.unknownMember || code === broker.illegalGeneration) {
      this.#lose(code)
      return false
    }
    if (code === broker.fencedInstance) throw replaced(this.#options)
    if (code === broker.invalidSessionTimeout) return this.#lengthenSession()
    throw brokerError(code, `Joining group "${this.#options.group}"`)
  }

  /** A broker allows no sessions as short as other engines do. */
  #lengthenSession(): false {
    const { group } = this.#options
    const [asked, leastMs] = [this.#sessionTimeoutMs, limits.kafkaLeastSessionMs]
    if (asked >= leastMs) {
      throw new TidingsError(
        'option_invalid',
        `The brokers allow group "${group}" no session of ${asked} ms. Give it a sessionTimeout between their group.min.session.timeout.ms and group.max.session.timeout.ms.`,
      )
    }
    this.#sessionTimeoutMs = leastMs
    process.emitWarning(
      `The brokers allow group "${group}" no session of ${asked} ms: it has ${leastMs} ms, so that a partition of a process that was killed waits that long.`,
    )
    return false
  }

  #assigned(places: readonly Place[]): void {
    if (this.#left) return
    this.#target = places
    for (const place of places) this.#owned.set(partitionName(place.topic, place.partition), place)
    this.#options.events.assigned(places, this.#generation)
  }

  #lose(code: number): void {
    if (code === broker.unknownMember) this.#memberId = ''
    this.#generation = -1
    this.#target = []
    this.#owned.clear()
    this.#options.events.lost()
  }

  #fail(error: unknown): void {
    if (this.#left) return
    this.#options.events.failed(error instanceof Error ? error : new Error(String(error)))
  }

  #beatLater(): void {
    this.#timer?.cancel()
    if (this.#left) return
    this.#timer = this.#cluster.clock.schedule(this.#options.heartbeatEveryMs, () => {
      void this.#beat().finally(() => this.#beatLater())
    })
  }

  async #beat(): Promise<void> {
    const { group } = this.#options
    const generation = this.#generation
    if (generation < 0 || this.#left) return
    const sentMs = this.#cluster.clock.monotonic()
    const args: [string, number, string, string | null] = [
      group,
      generation,
      this.#memberId,
      this.#instanceId,
    ]
    const code = await this.#cluster.ask({ group }, requests.heartbeat, args, this.#heartbeats).then(
      ({ errorCode }) => errorCode,
      () => broker.coordinatorNotAvailable,
    )
    if (this.#left) return
    if (code === broker.ok || code === broker.rebalanceInProgress) {
      const lapsed = !this.isLive()
      this.#leaseEndMs = Math.max(this.#leaseEndMs, sentMs + this.#sessionTimeoutMs)
      if (code === broker.rebalanceInProgress) this.#rejoinSoon()
      else if (lapsed && generation === this.#generation) this.#assigned(this.#target)
    } else if (isPassing(code)) {
      this.#cluster.forgetCoordinator(group)
    } else if (this.#joining === undefined && generation === this.#generation) {
      // While the member joins, its new generation may be there already, and an answer still on its way.
      if (code === broker.fencedInstance) this.#fail(replaced(this.#options))
      else {
        this.#lose(code)
        this.#rejoinSoon()
      }
    }
  }
}

function replaced({ group, instanceId }: MembershipOptions): TidingsError {
  return new TidingsError(
    'fenced',
    `Another process has joined group "${group}" as "${instanceId}", and this one is out. Give each process a name of its own.`,
  )
}
