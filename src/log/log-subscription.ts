import { type Clock, isTidingsError, limits, TidingsError } from '../kernel/index.ts'
import type { PartitionBounds } from './admin.ts'
import type { Held } from './group.ts'
import type { Change, LogStore } from './log-store.ts'
import { heldName, isFinal, Membership } from './membership.ts'
import { OwnedPartitions } from './owned-partitions.ts'
import { offsetOfPlace } from './place.ts'
import type { Assignment, Batch, Commit, SubscribeRequest, Subscription } from './transport.ts'

interface Owned {
  readonly name: string
  readonly assignment: Assignment
  readonly leaving: AbortController
  readonly revoked: AbortController
  /** False once it is revoked. */
  kept: boolean
  /** The next offset to read. */
  position: number
  /** The runtime has seen the assignment; the first batch of each may be empty. */
  announced: boolean
  paused: boolean
  /** What is to be read next is damaged, or was deleted by retention. */
  halted: boolean
  /** There may be records at the position. */
  promising: boolean
}

interface Beginning {
  readonly held: Held
  readonly bounds: PartitionBounds
  readonly committed: Commit
}

/** One member's subscription to a LogStore: reads what its partitions hold, in the order they are stored. */
export class LogSubscription implements Subscription {
  readonly #store: LogStore
  readonly #clock: Clock
  readonly #request: SubscribeRequest
  readonly #membership: Membership
  readonly #owned = new OwnedPartitions<Owned>()
  readonly #stopWatching: () => void
  #closed = false
  #failure: Error | undefined
  #forget: () => void = () => undefined
  /** By name, the generation of partitions that are being let go of: the group may name them as held a moment longer. */
  readonly #releasing = new Map<string, number>()

  private constructor(store: LogStore, request: SubscribeRequest, clock: Clock) {
    this.#store = store
    this.#clock = clock
    this.#request = request
    this.#membership = new Membership({
      store,
      clock,
      ...request,
      changed: (held, wanted) => this.#apply(held, wanted),
      lost: (error) => this.#lose(error),
    })
    this.#stopWatching = store.watch((change) => this.#notice(change))
  }

  static async join(store: LogStore, request: SubscribeRequest, clock: Clock): Promise<LogSubscription> {
    const subscription = new LogSubscription(store, request, clock)
    try {
      await subscription.#membership.join()
      return subscription
    } catch (error) {
      subscription.#stopWatching()
      throw error
    }
  }

  get assigned(): readonly Assignment[] {
    return this.#owned.assigned
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    let ahead: Promise<Batch | undefined> | undefined
    while (!this.#closed) {
      const batch = await (ahead ?? this.#look())
      ahead = undefined
      if (batch === undefined) {
        if (this.#failure === undefined) await this.#owned.stirring()
      } else if (this.#isWanted(batch)) {
        if (batch.records.length === this.#request.fetch.maxRecords) ahead = this.#lookAhead()
        yield batch
      }
      if (this.#failure !== undefined) throw this.#failure
    }
  }
  async commit(
    progress: readonly (Commit & { readonly assignment: Assignment })[],
  ): Promise<readonly Assignment[]> {
    const saved = await this.#store.commit(
      this.#request.group,
      progress.map(({ assignment, offset, state }) => ({
        topic: assignment.topic,
        partition: assignment.partition,
        generation: assignment.generation,
        offset,
        state,
      })),
    )
    const refused = progress.flatMap(({ assignment }, index) => (saved[index] ? [] : [assignment]))
    for (const assignment of refused) this.#revoke(assignment)
    return refused
  }

  pause(assignment: Assignment): void {
    this.#owned.pause(assignment)
  }

  resume(assignment: Assignment): void {
    this.#owned.resume(assignment)
  }

  async release(assignment: Assignment): Promise<void> {
    const name = this.#owned.of(assignment)?.name
    if (name === undefined) return
    this.#releasing.set(name, assignment.generation)
    this.#revoke(assignment)
    try {
      await this.#membership.release([name])
    } finally {
      this.#releasing.delete(name)
    }
  }

  /** Calls back when it is closed, whoever closes it. */
  onClose(forget: () => void): void {
    this.#forget = forget
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#forget()
    this.#stopWatching()
    this.#owned.stir()
    this.#revokeAll()
    // When leaving cannot be said, the lease ends by itself.
    await this.#membership.leave().catch(() => undefined)
  }

  #look(): Promise<Batch | undefined> {
    return this.#owned.look((owned) => this.#next(owned))
  }

  /** Where there is more than one batch, the next is read while the runtime is at work on this one. */
  #lookAhead(): Promise<Batch | undefined> {
    const ahead = this.#look()
    // Whoever asks for the batch is told; perhaps nobody does.
    ahead.catch(() => undefined)
    return ahead
  }

  /** False for a batch whose partition was lost while it was read, or is paused: that is read again when it goes on. */
  #isWanted({ assignment, records: [first] }: Batch): boolean {
    const owned = this.#owned.of(assignment)
    if (owned === undefined || first === undefined || !owned.paused) return owned !== undefined
    owned.position = first.offset
    owned.promising = true
    return false
  }

  async #next(owned: Owned): Promise<Batch | undefined> {
    if (!owned.kept) return undefined
    const batch = await this.#read(owned).catch((error: unknown) => this.#readLater(owned, error))
    return owned.kept ? batch : undefined
  }

  async #read(owned: Owned): Promise<Batch | undefined> {
    const { assignment } = owned
    if (!owned.announced) {
      owned.announced = true
      return { assignment, records: [] }
    }
    if (owned.paused || owned.halted || !owned.promising || owned.leaving.signal.aborted) return undefined
    owned.promising = false
    const records = await this.#store.read(
      assignment.topic,
      assignment.partition,
      owned.position,
      this.#request.fetch,
    )
    const [first] = records
    const last = records.at(-1)
    if (first === undefined || last === undefined) return undefined
    if (first.offset > owned.position) return this.#halt(owned, resetRequired(owned, this.#request.group))
    owned.promising = true
    owned.position = last.offset + 1
    return { assignment, records }
  }

  /** An engine that does not answer is asked again later; a damaged record stops its partition, no other. */
  #readLater(owned: Owned, error: unknown): undefined {
    if (isTidingsError(error, 'record_corrupt')) return this.#halt(owned, error)
    if (!isTidingsError(error) || error.kind !== 'unreachable') throw error
    owned.promising = true
    this.#clock.schedule(limits.readRetryMs, () => this.#owned.stir(), { background: true })
  }

  /** Delivers no more of the partition until somebody seeks; the others go on. */
  #halt(owned: Owned, error: Error): undefined {
    owned.halted = true
    process.emitWarning(error)
  }

  #notice(change: Change): void {
    switch (change.kind) {
      case 'appended':
        for (const name of change.partitions) {
          const owned = this.#owned.named(name)
          if (owned !== undefined) owned.promising = true
        }
        break
      case 'group':
        if (change.group === this.#request.group) this.#membership.look()
        return
      case 'delayed':
        return
      case 'unknown':
        for (const owned of this.#owned.all) owned.promising = true
        this.#membership.look()
        break
    }
    this.#owned.stir()
  }

  /** Brings what is owned in line with what the group says. */
  async #apply(held: readonly Held[], wanted: ReadonlySet<string>): Promise<void> {
    const byName = new Map(held.map((each) => [heldName(each), each]))
    for (const owned of this.#owned.all) {
      if (byName.get(owned.name)?.generation !== owned.assignment.generation) this.#revoke(owned.assignment)
      else if (wanted.has(owned.name)) owned.leaving.abort()
    }
    const granted = held.filter((each) => {
      const name = heldName(each)
      return !this.#owned.has(name) && this.#releasing.get(name) !== each.generation
    })
    if (granted.length === 0 || this.#closed) return
    for (const each of await this.#startsOf(granted)) this.#own(each)
    this.#owned.stir()
  }

  /** Where each granted partition begins; for a new group this is settled before its first delivery. */
  async #startsOf(granted: readonly Held[]): Promise<readonly Beginning[]> {
    const { group, start } = this.#request
    const topics = [...new Set(granted.map((held) => held.topic))]
    const bounds = (await Promise.all(topics.map((topic) => this.#store.bounds(topic)))).flat()
    const commits = await this.#store.commits(group)
    const known: Beginning[] = []
    const fresh: Beginning[] = []
    for (const held of granted) {
      const place = ofPartition(bounds, held)
      const committed = ofPartition(commits, held)
      if (place === undefined) continue
      if (committed === undefined) {
        const offset = await offsetOfPlace(this.#store, place, start)
        fresh.push({ held, bounds: place, committed: { offset, state: '' } })
      } else {
        const { offset, state } = committed
        known.push({ held, bounds: place, committed: { offset, state } })
      }
    }
    // After a crash `end` must not mean a later end: so the start is committed like any other place.
    const saved = await this.#store.commit(
      group,
      fresh.map(({ held, committed }) => ({ ...held, ...committed })),
    )
    return [...known, ...fresh.filter((_, index) => saved[index])]
  }

  #own({ held, bounds, committed }: Beginning): void {
    if (this.#closed) return
    const { topic, partition, generation, runNumber } = held
    const leaving = new AbortController()
    const revoked = new AbortController()
    const signals = { leaving: leaving.signal, revoked: revoked.signal }
    const isHeld = (): boolean => owned.kept && (this.#membership.alive || this.#lapse())
    const place = { topic, partition, generation, runNumber, committed, end: bounds.end }
    const assignment = { ...place, ...signals, isHeld }
    const name = heldName(held)
    const flags = { kept: true, announced: false, paused: false, halted: false, promising: true }
    const owned = { name, assignment, leaving, revoked, position: committed.offset, ...flags }
    this.#owned.add(owned)
    if (committed.offset < bounds.begin) this.#halt(owned, resetRequired(owned, this.#request.group))
  }

  #revoke(assignment: Assignment): void {
    const owned = this.#owned.of(assignment)
    if (owned === undefined) return
    this.#owned.remove(owned)
    owned.kept = false
    owned.leaving.abort()
    owned.revoked.abort()
  }

  #revokeAll(): void {
    for (const owned of this.#owned.all) this.#revoke(owned.assignment)
  }

  /** The lease, which is that of every partition, may have ended: others may be at work on all of them. */
  #lapse(): false {
    this.#revokeAll()
    this.#membership.renew()
    return false
  }

  #lose(error: Error): void {
    this.#revokeAll()
    // Otherwise the next heartbeat that succeeds brings the partitions back.
    if (!isFinal(error)) return
    this.#failure = error
    this.#owned.stir()
  }
}

function resetRequired({ assignment, position }: Owned, group: string): TidingsError {
  return new TidingsError(
    'reset_required',
    `Retention has deleted what group "${group}" would read next: offset ${position} of "${assignment.topic}" partition ${assignment.partition}. Nothing of this partition is delivered until the group is moved with seek.`,
  )
}

interface PartitionPlace {
  readonly topic: string
  readonly partition: number
}

function ofPartition<Each extends PartitionPlace>(
  all: readonly Each[],
  held: PartitionPlace,
): Each | undefined {
  return all.find(({ topic, partition }) => topic === held.topic && partition === held.partition)
}
