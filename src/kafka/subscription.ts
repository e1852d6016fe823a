import { isTidingsError, limits, sleep, TidingsError, toError } from '../kernel/index.ts'
import {
  type Assignment,
  type Batch,
  type Commit,
  isPaused,
  OwnedPartitions,
  partitionName,
  type Start,
  type SubscribeRequest,
  type Subscription,
} from '../log/index.ts'
import type { Cluster } from './cluster.ts'
import { type Beginning, beginningsOf } from './group-start.ts'
import { commitFenced, type FencedCommit } from './fenced-commits.ts'
import type { GroupSettingsLog } from './group-settings.ts'
import { resetRequired } from './halts.ts'
import type { Membership, MembershipEvents } from './membership.ts'
import { type Committer, committedOffsets, type Place } from './offsets.ts'
import { OwnedPartition } from './owned-partition.ts'
import { Reading } from './reading.ts'
import type { RecordDecoder } from './record-decoder.ts'

export interface SubscriptionOptions {
  readonly cluster: Cluster
  readonly settings: GroupSettingsLog
  readonly decoder: RecordDecoder
  readonly request: SubscribeRequest
  readonly membership: (events: MembershipEvents) => Membership
}

/** One member's subscription: what the group gives it, read from the brokers, and committed under the right epoch. */
export class KafkaSubscription implements Subscription {
  readonly #options: SubscriptionOptions
  readonly #membership: Membership
  readonly #reading: Reading
  readonly #owned = new OwnedPartitions<OwnedPartition>()
  /** What the group lets the member have, by partition name. */
  #places = new Map<string, Place>()
  /** Changes with every loss: what was begun before it does not count. */
  #term = 0
  #epoch = -1
  #begunTerm = -1
  #committer: Committer
  readonly #granting = new Set<string>()
  /** Topics that were deleted and created again while the member had partitions of them. */
  readonly #replaced = new Set<string>()
  /** Everything that was ever announced, also when it is lost: its commits still go to the broker, which refuses them. */
  readonly #known = new WeakMap<Assignment, OwnedPartition>()
  #closed: Promise<void> | undefined
  #failure: Error | undefined
  #forget: () => void = () => undefined
  readonly #stopWatching: () => void

  private constructor(options: SubscriptionOptions) {
    this.#options = options
    this.#membership = options.membership({
      assigned: (places, epoch) => this.#apply(places, epoch),
      lost: () => this.#lose(),
      failed: (error) => this.#fail(error),
    })
    this.#committer = this.#membership.committer
    const { cluster, decoder, request, settings } = options
    this.#reading = new Reading(
      cluster,
      decoder,
      request,
      () => this.#owned.stir(),
      (owned) => this.#beginAnew(owned),
    )
    this.#stopWatching = settings.watch((group) => {
      if (group === request.group) this.#align()
    })
  }

  static async join(options: SubscriptionOptions): Promise<KafkaSubscription> {
    const subscription = new KafkaSubscription(options)
    try {
      await options.settings.refresh()
      await subscription.#membership.join()
      await subscription.#begun()
      return subscription
    } catch (error) {
      subscription.#stopWatching()
      await subscription.#reading.close()
      throw error
    }
  }

  /**
   * What is published from now on is the group's: where it begins at the end, that place has to be saved first, by this
   * member or by another one. Whoever should save it may be gone, so it is not waited for longer than a session.
   */
  async #begun(): Promise<void> {
    const { cluster, request } = this.#options
    const { group, topics, start, sessionTimeoutMs } = request
    if (start !== 'end') return
    const endMs = cluster.clock.monotonic() + sessionTimeoutMs
    while (this.#closed === undefined && this.#failure === undefined) {
      const known = new Set((await committedOffsets(cluster, group)).map(({ topic }) => topic))
      if (topics.every((topic) => known.has(topic)) || cluster.clock.monotonic() > endMs) return
      await sleep(cluster.clock, limits.readRetryMs)
    }
  }

  get assigned(): readonly Assignment[] {
    return this.#owned.assigned
  }

  /** Whether the member may write for this owner; asks the group. */
  async holds(topic: string, partition: number, generation: number): Promise<boolean> {
    const owned = (): OwnedPartition | undefined => this.#owned.named(partitionName(topic, partition))
    if (owned()?.assignment.generation !== generation) return false
    await this.#membership.settle()
    const now = owned()
    return now?.assignment.generation === generation && now.assignment.isHeld()
  }

  [Symbol.asyncIterator](): AsyncGenerator<Batch> {
    const goesOn = (): boolean => {
      if (this.#failure !== undefined) throw this.#failure
      if (this.#closed !== undefined) return false
      this.#reading.ask(this.#owned.all)
      return true
    }
    return this.#owned.batches(goesOn, (owned) => owned.take(this.#options.request.fetch))
  }

  async commit(progress: readonly Progress[]): Promise<readonly Assignment[]> {
    const { clock } = this.#options.cluster
    const endMs = clock.monotonic() + this.#options.request.sessionTimeoutMs
    const refused = new Set<Assignment>()
    for (let left = progress; left.length > 0; ) {
      const outcome = await this.#commitOnce(left)
      for (const assignment of outcome.refused) refused.add(assignment)
      if (outcome.doubted.length === 0) break
      if (!(await this.#settled())) throw stillRebalancing()
      const again = new Set<Assignment>()
      for (const { assignment, committer } of outcome.doubted) {
        const isNewer = this.#committerOf(assignment)?.epoch !== committer.epoch
        if (this.#owned.of(assignment) !== undefined && isNewer) again.add(assignment)
        else refused.add(assignment)
      }
      left = left.filter(({ assignment }) => again.has(assignment))
      if (left.length > 0 && clock.monotonic() > endMs) throw stillRebalancing()
    }
    for (const assignment of refused) {
      const owned = this.#owned.of(assignment)
      if (owned !== undefined) this.#revoke(owned)
    }
    // The group may count on this member for some of them all the same: they are announced anew.
    if (refused.size > 0) this.#align()
    return progress.map(({ assignment }) => assignment).filter((assignment) => refused.has(assignment))
  }

  /** False when that takes longer than a session: others may keep the group waiting, and with it a member that is to stop. */
  async #settled(): Promise<boolean> {
    const { cluster, request } = this.#options
    const waited = new AbortController()
    const late = sleep(cluster.clock, request.sessionTimeoutMs, waited.signal).then(() => false)
    try {
      return await Promise.race([this.#membership.settle().then(() => true), late])
    } finally {
      waited.abort()
    }
  }

  pause(assignment: Assignment): void {
    this.#owned.pause(assignment)?.drop()
  }

  resume(assignment: Assignment): void {
    this.#owned.resume(assignment)
  }

  async release(assignment: Assignment): Promise<void> {
    const owned = this.#owned.of(assignment)
    if (owned === undefined) return
    owned.released = true
    this.#revoke(owned)
    // What is only paused stays the member's in the group: nobody else shall have it.
    if (!this.#places.has(owned.name)) this.#membership.release([owned.assignment])
    else this.#align()
  }

  onClose(forget: () => void): void {
    this.#forget = forget
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#forget()
    this.#stopWatching()
    this.#revokeAll()
    this.#owned.stir()
    await Promise.all([this.#membership.leave(), this.#reading.close()])
  }

  #apply(places: readonly Place[], epoch: number): void {
    this.#epoch = epoch
    this.#committer = this.#membership.committer
    const next = new Map(places.map((place) => [partitionName(place.topic, place.partition), place]))
    const unused = [...this.#places].filter(([name]) => !next.has(name) && !this.#owned.has(name))
    this.#places = next
    // What is in use is given back by `release`; this was paused, or still being begun.
    if (unused.length > 0) this.#membership.release(unused.map(([, place]) => place))
    this.#align()
  }

  /** Lets go of what others shall have, and of what is paused; takes what is new, and what is resumed. */
  #align(): void {
    if (this.#closed !== undefined) return
    const { paused } = this.#options.settings.of(this.#options.request.group)
    const isOurs = ({ topic, partition }: Place): boolean =>
      this.#places.has(partitionName(topic, partition)) && !isPaused(paused, topic, partition)
    for (const owned of this.#owned.all) if (!isOurs(owned.assignment)) owned.leave()
    const granted = [...this.#places].filter(
      ([name, place]) => isOurs(place) && !this.#owned.has(name) && !this.#granting.has(name),
    )
    if (granted.length > 0) void this.#grant(granted.map(([, place]) => place))
  }

  async #grant(places: readonly Place[]): Promise<void> {
    const names = places.map(({ topic, partition }) => partitionName(topic, partition))
    const term = this.#term
    const isCurrent = (): boolean => term === this.#term && this.#closed === undefined
    for (const name of names) this.#granting.add(name)
    try {
      const { cluster, request, settings } = this.#options
      const { group } = request
      const start = (topic: string): Start => (this.#replaced.has(topic) ? 'start' : request.start)
      const has = ({ topic, partition }: Place): boolean =>
        isCurrent() && this.#places.has(partitionName(topic, partition))
      const committer = (): Committer => this.#membership.committer
      await settings.enter(group, request.rewind, this.#begins(term))
      for (const beginning of await beginningsOf({ cluster, group, start, committer, has }, places)) {
        if (has(beginning)) this.#own(beginning)
      }
    } catch (error) {
      if (isCurrent()) this.#grantLater(error)
      return
    } finally {
      for (const name of names) this.#granting.delete(name)
    }
    // Meanwhile something may have been resumed, or wanted again.
    this.#align()
  }

  /**
   * Whether generations begin anew: the group does, or a process has taken the place of one with its instance id, which
   * Kafka gives the same generation.
   */
  #begins(term: number): boolean {
    if (this.#begunTerm === term) return false
    this.#begunTerm = term
    return this.#epoch === firstEpoch || this.#membership.committer.instanceId !== null
  }

  #grantLater(error: unknown): void {
    const mayPass = isTidingsError(error) && (error.kind === 'unreachable' || error.kind === 'missing')
    if (!mayPass) {
      this.#fail(toError(error))
      return
    }
    const { clock } = this.#options.cluster
    clock.schedule(limits.readRetryMs, () => this.#align(), { background: true })
  }

  #own({ topic, partition, committed, begin, end }: Beginning): void {
    const { cluster, settings, request } = this.#options
    const name = partitionName(topic, partition)
    const { runNumbers, firstGeneration } = settings.of(request.group)
    const owned = new OwnedPartition({
      topic,
      partition,
      generation: firstGeneration + this.#epoch,
      runNumber: runNumbers[name] ?? 0,
      committed: committed ?? { offset: end, state: '' },
      end,
      isLive: () => this.#membership.isLive(),
      lapsed: () => this.#lapse(),
      committer: () => this.#membership.committer,
      topicId: cluster.known(topic)?.id,
    })
    const needsReset = committed === undefined || committed.offset < begin || committed.offset > end
    if (needsReset) {
      owned.halted = true
      process.emitWarning(resetRequired(owned.assignment, request.group, committed))
    }
    this.#owned.add(owned)
    this.#known.set(owned.assignment, owned)
    this.#owned.stir()
  }

  /** Kafka has forgotten where the group stood with the topic before; everything in this one has come since. */
  #beginAnew(owned: OwnedPartition): void {
    if (this.#owned.of(owned.assignment) === undefined) return
    this.#replaced.add(owned.assignment.topic)
    this.#revoke(owned)
    this.#align()
  }

  #lose(): void {
    this.#places = new Map()
    this.#revokeAll()
  }

  /** The group may have given all to others: what it still counts on this member for is announced anew. */
  #lapse(): void {
    const wanted = this.#owned.all.filter(({ name }) => !this.#places.has(name))
    this.#revokeAll()
    if (wanted.length > 0) this.#membership.release(wanted.map(({ assignment }) => assignment))
  }

  #revokeAll(): void {
    this.#term += 1
    for (const owned of this.#owned.all) this.#revoke(owned)
  }

  #revoke(owned: OwnedPartition): void {
    this.#owned.remove(owned)
    owned.revoke(this.#committer)
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#revokeAll()
    this.#owned.stir()
  }

  /** Under what an assignment commits; undefined when the member has given it back. */
  #committerOf(assignment: Assignment): Committer | undefined {
    const owned = this.#known.get(assignment)
    return owned === undefined || owned.released ? undefined : owned.committer
  }

  async #commitOnce(progress: readonly Progress[]): Promise<Outcome> {
    const refused: Assignment[] = []
    const asked: FencedCommit[] = []
    for (const { assignment, offset, state } of progress) {
      const committer = this.#committerOf(assignment)
      const { topic, partition } = assignment
      if (committer === undefined) refused.push(assignment)
      else asked.push({ assignment, committer, commit: { topic, partition, offset, state } })
    }
    const { cluster, request } = this.#options
    return { refused, doubted: await commitFenced(cluster, request.group, asked) }
  }
}

function stillRebalancing(): TidingsError {
  return new TidingsError('engine_unreachable', 'The group is still rebalancing. The commit is tried again.')
}

type Progress = Commit & { readonly assignment: Assignment }

interface Outcome {
  readonly refused: readonly Assignment[]
  /** The broker has refused the epoch: the member has lost them, or does not know its newest epoch yet. */
  readonly doubted: readonly FencedCommit[]
}

/** The epoch that a group begins with, also one that Kafka has forgotten in between. */
const firstEpoch = 1
