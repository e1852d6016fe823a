import type { DeadLetterStore } from '../dead-letter/index.ts'
import { type CloudEvent } from '../event/index.ts'
import {
  type Clock,
  groupDefaults,
  type OneAtATime,
  type Random,
  sleep,
  TidingsError,
  type Timer,
  toError,
} from '../kernel/index.ts'
import type {
  Assignment,
  Batch,
  PartitionBounds,
  StoredRecord,
  Subscription,
  Transport,
} from '../log/index.ts'
import { eventOf } from './attempt.ts'
import { Deliverer } from './deliverer.ts'
import type { GroupPolicy } from './group-options.ts'
import { type AttemptContext, abandoned } from './handler-run.ts'
import type { Handlers } from './handlers.ts'
import { KeptEvents } from './kept-events.ts'
import type { Lane } from './lane.ts'
import { LaneRunner } from './lane-runner.ts'
import { MemoryBound } from './memory-bound.ts'
import { PartitionRun } from './partition-run.ts'
import type { Report } from './report.ts'
import { surely } from './surely.ts'

export interface ConsumerOptions {
  readonly transport: Transport
  readonly deadLetters: DeadLetterStore
  readonly context: AttemptContext
  readonly policy: GroupPolicy
  readonly handlers: Handlers
  readonly member: string
  readonly topics: readonly string[]
  readonly clock: Clock
  readonly random: Random
  readonly culprits: OneAtATime
  readonly report: Report
}

/** One member at work: pulls batches when it has room, gives events to the lanes of their keys, commits what is finished. */
export class Consumer {
  readonly #options: ConsumerOptions
  readonly #deliverer: Deliverer
  readonly #runner: LaneRunner
  readonly #kept: KeptEvents
  readonly #memory = new MemoryBound(groupDefaults.inFlightEvents, groupDefaults.inFlightBytes)
  readonly #runs = new Map<Assignment, PartitionRun>()
  readonly #dirty = new Set<PartitionRun>()
  readonly #committed = new Set<() => void>()
  #subscription: Subscription | undefined
  #commitTimer: Timer | undefined
  #committing: Promise<void> = Promise.resolve()
  readonly #stopping = new AbortController()
  #stopped: Promise<void> | undefined
  #failure: Error | undefined
  /** Events passed over because the group has no handler for their type. */
  skipped = 0

  /** Why events wait for the inbox or the engine to be there again; undefined when none does. */
  get outage(): Error | undefined {
    for (const { outage } of this.#runs.values()) if (outage !== undefined) return outage
    return undefined
  }

  constructor(options: ConsumerOptions) {
    this.#options = options
    const { context, policy, handlers, deadLetters, clock, random, report, transport, culprits } = options
    const trusted = transport.capabilities.trustedRecords
    const { signal: stopping } = this.#stopping
    const save = (run: PartitionRun): Promise<boolean> => this.#commitNow(run)
    this.#deliverer = new Deliverer({
      context,
      policy,
      handlers,
      deadLetters,
      trusted,
      clock,
      random,
      culprits,
      report,
      stopping,
      save,
    })
    this.#runner = new LaneRunner({
      deliverer: this.#deliverer,
      concurrency: policy.concurrency,
      clock,
      progressed: (run) => this.#progressed(run),
      failed: (error) => this.#fail(error),
    })
    this.#kept = new KeptEvents(
      {
        group: context.group,
        policy,
        deadLetters,
        runner: this.#runner,
        clock,
        stopping,
        progressed: (run) => this.#progressed(run),
      },
      () => this.#runs.values(),
    )
  }

  /** Fulfils when this member is in the group. */
  async join(): Promise<void> {
    const { transport, context, member, topics, policy } = this.#options
    this.#subscription = await transport.subscribe({
      group: context.group,
      member,
      topics,
      start: policy.start,
      rewind: policy.rewind,
      sessionTimeoutMs: policy.sessionTimeoutMs,
      heartbeatEveryMs: policy.heartbeatEveryMs,
      blockedMs: groupDefaults.blockedMs,
      fetch: { maxRecords: groupDefaults.fetchEvents, maxBytes: groupDefaults.fetchBytes },
    })
    this.#kept.watch()
  }

  /** Delivers until `stop`; rejects when the engine is lost for good. */
  async run(): Promise<void> {
    if (this.#subscription === undefined) return
    try {
      for await (const batch of this.#subscription) {
        await this.#accept(batch)
        if (!this.#runner.accepting) break
        // Handlers may all be synchronous: let timers, disk and network have their turn between batches.
        await new Promise<void>((resolve) => this.#options.clock.defer(resolve))
        await this.#memory.room()
      }
    } catch (error) {
      // What could not be done while stopping is done by the next owner.
      if (this.#runner.accepting) this.#failure ??= toError(error)
    } finally {
      await this.stop()
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** The member cannot go on: `run` rejects with the reason. */
  #fail(error: unknown): void {
    this.#failure ??= toError(error)
    void this.stop()
  }

  /** The partitions that it owns now. */
  get assigned(): readonly Assignment[] {
    return this.#subscription?.assigned ?? []
  }

  /** Events that were read and are not finished. */
  get inFlight(): number {
    return this.#memory.events
  }

  /** Starts nothing more, waits for handlers at work up to the drain time, commits, and leaves the group. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  /** Fulfils after the next commit, or when the member stops. */
  nextCommit(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#committed.delete(done)
        resolve()
      }
      this.#committed.add(done)
    })
  }

  /** Whether a partition that is in hand here is not finished up to its end: nobody else has to be asked then. */
  isBehind(ends: readonly PartitionBounds[]): boolean {
    return [...this.#runs.values()].some((run) => {
      const { topic, partition } = run.assignment
      const found = ends.find((each) => each.topic === topic && each.partition === partition)
      return found !== undefined && !run.isFinishedUpTo(found.end)
    })
  }

  async #stop(): Promise<void> {
    const { policy, clock } = this.#options
    this.#runner.accepting = false
    this.#stopping.abort()
    this.#memory.giveUp()
    this.#kept.close()
    const waited = new AbortController()
    await Promise.race([this.#runner.drained(), sleep(clock, policy.drainMs, waited.signal)])
    waited.abort()
    for (const run of this.#runs.values()) this.#dirty.add(run)
    await this.#commit()
    for (const run of this.#runs.values()) this.#drop(run, new Error('The member stops.'))
    this.#runner.close()
    this.#deliverer.close()
    this.#commitTimer?.cancel()
    await this.#subscription?.close()
    for (const done of this.#committed) done()
  }

  async #accept({ assignment, records }: Batch): Promise<void> {
    const run = this.#runs.get(assignment) ?? (await this.#open(assignment))
    const lanes: Lane[] = []
    for (const record of records) {
      if (!run.accepting || !this.#runner.accepting) return
      const lane = this.#take(run, record)
      if (lane !== undefined) lanes.push(lane)
    }
    // What is started must be covered by a commit, so that whoever takes over knows what may have been in hand.
    if (lanes.length > 0 && run.beyondBegun)
      await surely(
        this.#options.clock,
        this.#stopping.signal,
        () => this.#mayDeliver(run),
        () => this.#cover(run),
      )
    this.#runner.offer(run, ...lanes)
    this.#progressed(run)
  }

  /** The lane that got the record; undefined when nothing has to be done with it. */
  #take(run: PartitionRun, record: StoredRecord): Lane | undefined {
    if (run.isFinished(record.offset)) {
      run.pass(record.offset)
      return undefined
    }
    const event = this.#eventOf(record)
    if (event !== undefined && this.#options.handlers.of(event.type) === undefined) {
      this.skipped += 1
      run.skip(record.offset)
      return undefined
    }
    return run.add(record, event)
  }

  async #cover(run: PartitionRun): Promise<void> {
    if ((await this.#commitNow(run)) || run.closed) return
    throw new TidingsError('engine_unreachable', 'The commit could not be saved.')
  }

  #mayDeliver(run: PartitionRun): boolean {
    return this.#runner.accepting && !run.closed
  }

  /** Undefined where the record cannot be parsed: delivering it will say why, and make it a dead letter. */
  #eventOf(record: StoredRecord): CloudEvent | undefined {
    try {
      return eventOf(record, this.#options.transport.capabilities.trustedRecords)
    } catch {
      return undefined
    }
  }

  async #open(assignment: Assignment): Promise<PartitionRun> {
    const run = new PartitionRun(assignment, this.#memory)
    const { leaving, revoked } = assignment
    this.#runs.set(assignment, run)
    await this.#kept.load(run)
    if (leaving.aborted) this.#leave(run)
    else leaving.addEventListener('abort', () => this.#leave(run), { once: true })
    if (revoked.aborted) this.#drop(run, revokedReason(assignment))
    else revoked.addEventListener('abort', () => this.#drop(run, revokedReason(assignment)), { once: true })
    return run
  }

  /** Another member shall have the partition: finish what runs, commit, let go. */
  #leave(run: PartitionRun): void {
    run.accepting = false
    if (run.running > 0 || run.closed) return
    this.#dirty.add(run)
    void this.#commit()
  }

  #drop(run: PartitionRun, reason: Error): void {
    for (const attempt of run.attempts) attempt.end(reason, abandoned)
    run.clear()
    this.#runs.delete(run.assignment)
    this.#dirty.delete(run)
  }

  #progressed(run: PartitionRun): void {
    if (run.closed) return
    this.#dirty.add(run)
    this.#commitSoon(groupDefaults.commitEveryMs)
    if (!run.accepting && run.running === 0) this.#leave(run)
    this.#keepWithinBounds(run)
  }

  #keepWithinBounds(run: PartitionRun): void {
    const far = run.ahead >= this.#options.policy.maxAhead
    const pause = far || run.full
    if (pause !== run.paused) {
      run.paused = pause
      if (pause) this.#subscription?.pause(run.assignment)
      else this.#subscription?.resume(run.assignment)
    }
    if (run.mustPark || (far && run.lowestWaits)) void this.#kept.setAside([run])
    else if (this.#memory.full) this.#makeRoom()
  }

  /** Nothing more can be read: what waits for a later attempt is set aside, what waits for a fuller batch is handled. */
  #makeRoom(): void {
    for (const run of this.#runs.values()) {
      for (const collector of run.collectors.values()) collector.flush()
    }
    void this.#kept.setAside([...this.#runs.values()])
  }

  #commit(): Promise<void> {
    this.#committing = this.#committing.then(() => this.#commitDirty())
    return this.#committing
  }

  /** Commits a partition at once; fulfils with whether it is durable. */
  async #commitNow(run: PartitionRun): Promise<boolean> {
    this.#dirty.add(run)
    await this.#commit()
    return !run.closed && !this.#dirty.has(run)
  }

  async #commitDirty(): Promise<void> {
    const runs = [...this.#dirty].filter((run) => !run.closed)
    this.#dirty.clear()
    if (runs.length === 0 || this.#subscription === undefined) return
    const states = runs.map((run) => {
      const closing = run.running === 0 && !(run.accepting && this.#runner.accepting)
      return { run, assignment: run.assignment, closing, ...run.commitState(closing) }
    })
    try {
      await this.#subscription.commit(states)
    } catch {
      // Not saved is not lost: what was finished is committed again with the next progress.
      for (const run of runs) this.#dirty.add(run)
      this.#commitSoon(groupDefaults.storeRetryMs)
      return
    }
    for (const { run, begun, fits, closing } of states) {
      run.committed(begun)
      if (!fits) void this.#kept.setAside([run])
      if (closing && !run.accepting && !run.closed) this.#release(run)
    }
    for (const done of this.#committed) done()
  }

  #release(run: PartitionRun): void {
    this.#subscription?.release(run.assignment).catch(() => this.#leave(run))
  }

  #commitSoon(delayMs: number): void {
    this.#commitTimer ??= this.#options.clock.schedule(delayMs, () => {
      this.#commitTimer = undefined
      void this.#commit()
    })
  }
}

function revokedReason({ topic, partition }: Assignment): Error {
  return new Error(`Partition ${partition} of "${topic}" belongs to another member now.`)
}
