import type { DeadLetterStore } from '../dead-letter/index.ts'
import { type CloudEvent } from '../event/index.ts'
import { type Clock, groupDefaults, type Random, sleep, type Timer, toError } from '../kernel/index.ts'
import type { Assignment, Batch, StoredRecord, Subscription, Transport } from '../log/index.ts'
import { type AttemptContext, abandoned, eventOf } from './attempt.ts'
import type { GroupPolicy } from './group-options.ts'
import type { Handlers } from './handlers.ts'
import { LaneRunner } from './lane-runner.ts'
import { letterOf } from './letter.ts'
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
  readonly report: Report
}

/** One member at work: pulls batches when it has room, gives events to the lanes of their keys, commits what is finished. */
export class Consumer {
  readonly #options: ConsumerOptions
  readonly #runner: LaneRunner
  readonly #memory = new MemoryBound(groupDefaults.inFlightEvents, groupDefaults.inFlightBytes)
  readonly #runs = new Map<Assignment, PartitionRun>()
  readonly #dirty = new Set<PartitionRun>()
  readonly #committed = new Set<() => void>()
  #subscription: Subscription | undefined
  #commitTimer: Timer | undefined
  #committing: Promise<void> = Promise.resolve()
  #lookTimer: Timer | undefined
  #stopWatching: () => void = () => undefined
  #settingAside = false
  #stopping: Promise<void> | undefined
  /** Events passed over because the group has no handler for their type. */
  skipped = 0

  constructor(options: ConsumerOptions) {
    this.#options = options
    const { context, policy, handlers, deadLetters, clock, random, report, transport } = options
    const trusted = transport.capabilities.trustedRecords
    const progressed = (run: PartitionRun): void => this.#progressed(run)
    this.#runner = new LaneRunner({
      context,
      policy,
      handlers,
      deadLetters,
      trusted,
      clock,
      random,
      report,
      progressed,
    })
  }

  /** Fulfils when this member is in the group. */
  async join(): Promise<void> {
    const { transport, context, member, topics, policy, deadLetters } = this.#options
    this.#subscription = await transport.subscribe({
      group: context.group,
      member,
      topics,
      start: policy.start,
      sessionTimeoutMs: policy.sessionTimeoutMs,
      heartbeatEveryMs: policy.heartbeatEveryMs,
      fetch: { maxRecords: groupDefaults.fetchEvents, maxBytes: groupDefaults.fetchBytes },
    })
    this.#stopWatching = deadLetters.watch(() => this.#lookSoon())
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
    } finally {
      await this.stop()
    }
  }

  /** Starts nothing more, waits for handlers at work up to the drain time, commits, and leaves the group. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
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

  async #stop(): Promise<void> {
    const { policy, clock } = this.#options
    this.#runner.accepting = false
    this.#memory.giveUp()
    this.#stopWatching()
    this.#lookTimer?.cancel()
    const waited = new AbortController()
    await Promise.race([this.#runner.drained(), sleep(clock, policy.drainMs, waited.signal)])
    waited.abort()
    await this.#commit()
    for (const run of this.#runs.values()) this.#drop(run, new Error('The member stops.'))
    this.#runner.close()
    this.#commitTimer?.cancel()
    await this.#subscription?.close()
    for (const done of this.#committed) done()
  }

  async #accept({ assignment, records }: Batch): Promise<void> {
    const run = this.#runs.get(assignment) ?? (await this.#open(assignment))
    for (const record of records) {
      if (!run.accepting || !this.#runner.accepting) return
      this.#take(run, record)
    }
    this.#progressed(run)
  }

  #take(run: PartitionRun, record: StoredRecord): void {
    if (run.isFinished(record.offset)) return
    const event = this.#eventOf(record)
    if (event !== undefined && this.#options.handlers.of(event.type) === undefined) {
      this.skipped += 1
      run.skip(record.offset)
      return
    }
    this.#runner.offer(run, run.add(record, event))
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
    const { topic, partition, leaving, revoked } = assignment
    const { deadLetters, context, clock } = this.#options
    const goOn = (): boolean => this.#runner.accepting
    const kept = await surely(clock, goOn, () =>
      deadLetters.open(context.group, topic, partition, ['set-aside', 'requested']),
    )
    this.#runs.set(assignment, run)
    for (const letter of kept) {
      const lane = run.addKept(letter, letter.state === 'requested' ? 'requested' : 'set-aside')
      if (lane !== undefined) this.#runner.offer(run, lane)
    }
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
    this.#commit()
      .then(() => this.#subscription?.release(run.assignment))
      // The lease ends by itself when letting go fails.
      .catch(() => undefined)
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
    this.#commitTimer ??= this.#options.clock.schedule(groupDefaults.commitEveryMs, () => {
      this.#commitTimer = undefined
      void this.#commit()
    })
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
    if (far && run.lowestWaits) void this.#setAside([run])
    else if (this.#memory.full) void this.#setAside([...this.#runs.values()])
  }

  /** Hands events that wait behind a failed attempt to the dead-letter store, so that the others can go on. */
  async #setAside(runs: readonly PartitionRun[]): Promise<void> {
    if (this.#settingAside) return
    this.#settingAside = true
    let moved = 0
    try {
      for (const run of runs) moved += await this.#setAsideOf(run)
    } catch {
      // The store is busy or full: they stay where they are, and the partition waits.
    } finally {
      this.#settingAside = false
    }
    if (moved > 0) for (const run of runs) this.#progressed(run)
  }

  async #setAsideOf(run: PartitionRun): Promise<number> {
    const { context, clock, deadLetters } = this.#options
    const works = run.full ? [] : run.waiting(groupDefaults.setAsideBatch)
    const letters = works.flatMap((work) =>
      work.record ? [letterOf(context.group, work, work.record, 'set-aside', clock.now())] : [],
    )
    if (letters.length === 0) return 0
    // None of them may be delivered while it is on its way to the store.
    const lanes = new Set(works.map((work) => work.lane))
    for (const lane of lanes) this.#runner.hold(lane)
    try {
      await deadLetters.put(letters)
      if (run.closed) return 0
      for (const work of works) run.keep(work)
    } finally {
      if (!run.closed) for (const lane of lanes) this.#runner.wake(run, lane)
    }
    return works.length
  }

  #commit(): Promise<void> {
    this.#committing = this.#committing.then(() => this.#commitDirty())
    return this.#committing
  }

  async #commitDirty(): Promise<void> {
    const runs = [...this.#dirty].filter((run) => !run.closed)
    this.#dirty.clear()
    if (runs.length === 0 || this.#subscription === undefined) return
    const states = runs.map((run) => ({ run, assignment: run.assignment, ...run.commitState() }))
    try {
      await this.#subscription.commit(states)
    } catch {
      // Not saved is not lost: what was finished is committed again with the next progress.
      for (const run of runs) this.#dirty.add(run)
      this.#commitTimer ??= this.#options.clock.schedule(groupDefaults.storeRetryMs, () => {
        this.#commitTimer = undefined
        void this.#commit()
      })
      return
    }
    for (const { run, fits } of states) if (!fits) void this.#setAside([run])
    for (const done of this.#committed) done()
  }

  #lookSoon(): void {
    this.#lookTimer ??= this.#options.clock.schedule(groupDefaults.redriveLookMs, () => {
      this.#look().then(
        () => (this.#lookTimer = undefined),
        () => (this.#lookTimer = undefined),
      )
    })
  }

  /** Puts dead letters whose redrive was requested into the lanes of their keys. */
  async #look(): Promise<void> {
    const { deadLetters, context } = this.#options
    for (const run of this.#runs.values()) {
      const { topic, partition } = run.assignment
      for (const letter of await deadLetters.open(context.group, topic, partition, ['requested'])) {
        const lane = run.accepting
          ? run.addKept({ ...letter, attempts: 0, nextAttemptAt: undefined }, 'requested')
          : undefined
        if (lane !== undefined) this.#runner.offer(run, lane)
      }
    }
  }
}

function revokedReason({ topic, partition }: Assignment): Error {
  return toError(new Error(`Partition ${partition} of "${topic}" belongs to another member now.`))
}
