import { type Clock, isTidingsError, limits } from '../kernel/index.ts'
import type { Held } from './group.ts'
import type { Change, LogStore } from './log-store.ts'
import { heldName, Membership } from './membership.ts'
import { partitionName } from './partitioner.ts'
import { offsetOfPlace } from './place.ts'
import type { Assignment, Batch, Commit, SubscribeRequest, Subscription } from './transport.ts'

interface Owned {
  readonly name: string
  readonly assignment: Assignment
  readonly leaving: AbortController
  readonly revoked: AbortController
  /** The next offset to read. */
  position: number
  /** The runtime has seen the assignment; the first batch of each may be empty. */
  announced: boolean
  paused: boolean
  /** What it would read next was deleted by retention: it delivers nothing until `seek`. */
  readonly resetRequired: boolean
  /** There may be records at the position. */
  promising: boolean
}

/** One member's subscription to a LogStore: reads what its partitions hold, in the order they are stored. */
export class LogSubscription implements Subscription {
  readonly #store: LogStore
  readonly #clock: Clock
  readonly #request: SubscribeRequest
  readonly #membership: Membership
  readonly #owned = new Map<string, Owned>()
  readonly #stopWatching: () => void
  #turn = 0
  #closed = false
  #failure: Error | undefined
  #stirred = false
  #wake: () => void = () => undefined
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
    return [...this.#owned.values()].map((owned) => owned.assignment)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    while (!this.#closed) {
      this.#stirred = false
      const batch = await this.#next()
      if (batch !== undefined) yield batch
      else if (!this.#stirred && this.#failure === undefined) await this.#stirring()
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
    const owned = this.#ownedBy(assignment)
    if (owned !== undefined) owned.paused = true
  }

  resume(assignment: Assignment): void {
    const owned = this.#ownedBy(assignment)
    if (owned === undefined || !owned.paused || owned.resetRequired) return
    owned.paused = false
    this.#stir()
  }

  async release(assignment: Assignment): Promise<void> {
    const name = this.#ownedBy(assignment)?.name
    if (name === undefined) return
    this.#releasing.set(name, assignment.generation)
    this.#revoke(assignment)
    try {
      await this.#membership.release([name])
    } finally {
      this.#releasing.delete(name)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#stopWatching()
    this.#stir()
    for (const owned of this.#owned.values()) this.#revoke(owned.assignment)
    await this.#membership.leave()
  }

  #ownedBy(assignment: Assignment): Owned | undefined {
    const owned = this.#owned.get(partitionName(assignment.topic, assignment.partition))
    return owned?.assignment === assignment ? owned : undefined
  }

  /** Something may be there to read, or to say: a look that has begun before does not count. */
  #stir(): void {
    this.#stirred = true
    this.#wake()
  }

  #stirring(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** The next batch of the partition whose turn it is, or undefined when nothing is to be read. */
  async #next(): Promise<Batch | undefined> {
    const all = [...this.#owned.values()]
    for (let step = 0; step < all.length; step++) {
      this.#turn = (this.#turn + 1) % all.length
      const owned = all[this.#turn]
      if (owned === undefined || owned.revoked.signal.aborted) continue
      const batch = await this.#read(owned).catch((error: unknown) => this.#readLater(owned, error))
      if (batch !== undefined && !owned.revoked.signal.aborted) return batch
    }
    return undefined
  }

  async #read(owned: Owned): Promise<Batch | undefined> {
    const { assignment } = owned
    if (!owned.announced) {
      owned.announced = true
      return { assignment, records: [] }
    }
    if (owned.paused || !owned.promising || owned.leaving.signal.aborted) return undefined
    owned.promising = false
    const records = await this.#store.read(
      assignment.topic,
      assignment.partition,
      owned.position,
      this.#request.fetch,
    )
    const last = records.at(-1)
    if (last === undefined) return undefined
    owned.promising = true
    owned.position = last.offset + 1
    return { assignment, records }
  }

  /** An engine that does not answer is asked again later; any other error ends the subscription. */
  #readLater(owned: Owned, error: unknown): undefined {
    if (!isTidingsError(error) || error.kind !== 'unreachable') throw error
    owned.promising = true
    this.#clock.schedule(limits.readRetryMs, () => this.#stir(), { background: true })
  }

  #notice(change: Change): void {
    switch (change.kind) {
      case 'appended':
        for (const name of change.partitions) {
          const owned = this.#owned.get(name)
          if (owned !== undefined) owned.promising = true
        }
        break
      case 'group':
        if (change.group === this.#request.group) this.#membership.look()
        return
      case 'delayed':
        return
      case 'unknown':
        for (const owned of this.#owned.values()) owned.promising = true
        this.#membership.look()
        break
    }
    this.#stir()
  }

  /** Brings what is owned in line with what the group says. */
  async #apply(held: readonly Held[], wanted: ReadonlySet<string>): Promise<void> {
    const byName = new Map(held.map((each) => [heldName(each), each]))
    for (const owned of this.#owned.values()) {
      if (byName.get(owned.name)?.generation !== owned.assignment.generation) this.#revoke(owned.assignment)
      else if (wanted.has(owned.name)) owned.leaving.abort()
    }
    const granted = held.filter((each) => {
      const name = heldName(each)
      return !this.#owned.has(name) && this.#releasing.get(name) !== each.generation
    })
    if (granted.length === 0 || this.#closed) return
    const commits = await this.#store.commits(this.#request.group)
    for (const each of granted) {
      const stored = commits.find(
        (commit) => commit.topic === each.topic && commit.partition === each.partition,
      )
      await this.#take(each, stored !== undefined && stored.offset >= 0 ? stored : undefined)
    }
    this.#stir()
  }

  async #take(held: Held, stored: Commit | undefined): Promise<void> {
    const { topic, partition, generation } = held
    const bounds = (await this.#store.bounds(topic)).find((each) => each.partition === partition)
    if (bounds === undefined || this.#closed) return
    const committed = stored ?? {
      offset: await offsetOfPlace(this.#store, bounds, this.#request.start),
      state: '',
    }
    if (stored === undefined) {
      // Where a new group starts is settled before its first delivery: after a crash `end` must not mean a later end.
      const [saved] = await this.#store.commit(this.#request.group, [
        { topic, partition, generation, ...committed },
      ])
      if (!saved) return
    }
    if (this.#closed) return
    const leaving = new AbortController()
    const revoked = new AbortController()
    const assignment = {
      topic,
      partition,
      generation,
      committed,
      leaving: leaving.signal,
      revoked: revoked.signal,
    }
    const name = heldName(held)
    const resetRequired = committed.offset < bounds.begin
    const position = committed.offset
    const state = { announced: false, paused: resetRequired, resetRequired, promising: true }
    this.#owned.set(name, { name, assignment, leaving, revoked, position, ...state })
  }

  #revoke(assignment: Assignment): void {
    const owned = this.#ownedBy(assignment)
    if (owned === undefined) return
    this.#owned.delete(owned.name)
    owned.leaving.abort()
    owned.revoked.abort()
  }

  #lose(error: Error): void {
    for (const owned of this.#owned.values()) this.#revoke(owned.assignment)
    if (isTidingsError(error) && error.kind === 'unreachable') return
    this.#failure = error
    this.#stir()
  }
}
