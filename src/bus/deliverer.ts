import { type DeadLetterState, type DeadLetterStore, deadLetterId } from '../dead-letter/index.ts'
import {
  type Clock,
  groupDefaults,
  type OneAtATime,
  type Random,
  TidingsError,
  toError,
} from '../kernel/index.ts'
import type { StoredRecord } from '../log/index.ts'
import { Attempt, eventOf } from './attempt.ts'
import { BatchAttempt, type BatchEntry, type SettledBatch } from './batch-attempt.ts'
import { Deadlines } from './deadlines.ts'
import type { GroupPolicy } from './group-options.ts'
import { type AttemptContext, abandoned, type Endable, type HandlerRun, type Outcome } from './handler-run.ts'
import { type BatchHandling, type Handlers, takesBatches } from './handlers.ts'
import type { Lane, Work } from './lane.ts'
import { letterOf } from './letter.ts'
import type { PartitionRun } from './partition-run.ts'
import type { DeliveryReport, Report } from './report.ts'
import { outageDelayMs, retryDelayMs } from './retry.ts'
import { surely } from './surely.ts'

export interface DelivererOptions {
  readonly context: AttemptContext
  readonly policy: GroupPolicy
  readonly handlers: Handlers
  readonly deadLetters: DeadLetterStore
  /** True where records are ours, with a checksum that was verified. */
  readonly trusted: boolean
  readonly clock: Clock
  readonly random: Random
  readonly report: Report
  /** Aborts when the member stops: then a store that cannot be written is not waited for. */
  readonly stopping: AbortSignal
  /** Shared by all groups of the bus: an event that a process has died with more than once is tried with no other such. */
  readonly culprits: OneAtATime
  /** Commits what a partition has to say now; fulfils with whether it is durable. */
  readonly save: (run: PartitionRun) => Promise<boolean>
}

/**
 * What follows a delivery: its lane goes on, has its first event once more, waits for it, is blocked by it, or stops because
 * the event is no longer ours.
 */
export type Next = 'go-on' | 'again' | 'blocked' | 'stop' | { readonly waitMs: number }

/**
 * Delivers one event and settles what comes of it: finished, to be tried again, or a dead letter, which is written
 * before the watermark passes it.
 */
export class Deliverer {
  readonly #options: DelivererOptions
  readonly #deadlines: Deadlines<Endable>

  constructor(options: DelivererOptions) {
    const { clock, policy } = options
    this.#options = options
    this.#deadlines = new Deadlines(clock, policy.handlerTimeoutMs, (attempt) => endLate(attempt, policy))
  }

  /** Synchronous as long as every stage is. Rejects only when the member stops before its store could be written. */
  deliver(run: PartitionRun, work: Work): Next | Promise<Next> {
    const { record } = work
    return record === undefined ? this.#deliverKept(run, work) : this.#deliverRecord(run, work, record)
  }

  close(): void {
    this.#deadlines.close()
  }

  async #deliverKept(run: PartitionRun, work: Work): Promise<Next> {
    const id = deadLetterId(this.#options.context.group, work)
    const letter = await this.#surely(run, () => this.#options.deadLetters.get(id))
    if (!run.accepting || this.#options.stopping.aborted) return 'stop'
    // Somebody may have discarded it since.
    const ended = letter === undefined || letter.state === 'handled' || letter.state === 'discarded'
    return ended ? this.#finished(run, work) : this.#deliverRecord(run, work, letter)
  }

  #deliverRecord(run: PartitionRun, work: Work, record: StoredRecord): Next | Promise<Next> {
    const { handlers, trusted, policy } = this.#options
    try {
      work.event ??= eventOf(record, trusted)
    } catch (thrown) {
      return this.#fail(run, work, record, toError(thrown), true, 0)
    }
    if (handlers.of(work.event.type) === undefined) return this.#finish(run, work)
    if (work.failed >= policy.retry.attempts) return this.#bury(run, work, record, crashed(work))
    const covered = work.origin === 'read' && !work.suspect
    if (covered) return this.#attempt(run, work, record, work.failed + 1)
    // Two at work at the same time could not be told apart when the process dies again.
    return work.suspect && work.failed > 1
      ? this.#options.culprits.run(() => this.#attemptCounted(run, work, record))
      : this.#attemptCounted(run, work, record)
  }

  /** Counts the attempt in the store before it starts: whoever takes over from a process that died knows of it. */
  async #attemptCounted(run: PartitionRun, work: Work, record: StoredRecord): Promise<Next> {
    const { failed, origin } = work
    if (run.closed || !run.accepting || this.#options.stopping.aborted) return 'stop'
    const attempt = work.suspect ? Math.max(2, failed + 1) : failed + 1
    work.counted = attempt
    if (origin === 'read') await this.#surely(run, () => this.#save(run))
    else await this.#put(run, work, record, origin)
    if (run.closed || !run.accepting || this.#options.stopping.aborted) {
      work.counted = 0
      return 'stop'
    }
    try {
      return await this.#attempt(run, work, record, attempt)
    } finally {
      run.clearSuspicion(work)
    }
  }

  async #save(run: PartitionRun): Promise<void> {
    if ((await this.#options.save(run)) || run.closed) return
    throw new TidingsError('engine_unreachable', 'The commit could not be saved.')
  }

  #attempt(run: PartitionRun, work: Work, record: StoredRecord, number: number): Next | Promise<Next> {
    const { context, handlers } = this.#options
    const { event, lane } = work
    const handling = event && handlers.of(event.type)
    if (handling === undefined || event === undefined) return this.#finish(run, work)
    if (takesBatches(handling)) {
      const entry = { lane, record, event, attempt: number }
      const batch = new BatchAttempt(context, run.assignment, handling, [entry])
      work.flow = batch.flow
      return this.#start(run, batch, (each, tookMs) => this.#apply(run, work, record, only(each), tookMs))
    }
    const redriven = work.origin === 'requested'
    const attempt = new Attempt(context, run.assignment, handling, record, {
      event,
      attempt: number,
      redriven,
    })
    work.flow = attempt.flow
    return this.#start<never, Next>(run, attempt, (each, tookMs) =>
      this.#apply(run, work, record, each, tookMs),
    )
  }

  /** The handler of batches that an event goes to, together with others; undefined for one that is delivered by itself. */
  batchHandlingOf({ origin, event, failed, suspect, alone }: Work): BatchHandling | undefined {
    const withOthers = origin === 'read' && failed === 0 && !suspect && !alone
    return withOthers && event !== undefined ? this.#options.handlers.ofBatches(event.type) : undefined
  }

  /** Delivers events as one batch. Fulfils with what follows for each of their lanes; rejects never. */
  async deliverBatch(
    run: PartitionRun,
    handling: BatchHandling,
    works: readonly Work[],
  ): Promise<ReadonlyMap<Lane, Next | Promise<Next>>> {
    const entries = works.flatMap(entryOf)
    const batch = new BatchAttempt(this.#options.context, run.assignment, handling, entries)
    for (const work of works) work.flow = batch.flow
    return this.#start(run, batch, (outcome, tookMs) => this.#applyBatch(run, works, outcome, tookMs))
  }

  /** @param apply what follows from the outcome, and how long it took to come to it. */
  #start<Settled extends { readonly kind: 'settled' }, Follows>(
    run: PartitionRun,
    attempt: HandlerRun<Settled>,
    apply: (outcome: Outcome | Settled, tookMs: number) => Follows | Promise<Follows>,
  ): Follows | Promise<Follows> {
    const { clock } = this.#options
    const startMs = clock.monotonic()
    const outcome = attempt.run()
    if (!(outcome instanceof Promise)) return apply(outcome, clock.monotonic() - startMs)
    const deadline = this.#deadlines.add(attempt)
    const place = run.attempts.add(attempt)
    return outcome.then((each) => {
      this.#deadlines.remove(deadline)
      run.attempts.remove(place)
      return apply(each, clock.monotonic() - startMs)
    })
  }

  #applyBatch(
    run: PartitionRun,
    works: readonly Work[],
    outcome: Outcome | SettledBatch,
    tookMs: number,
  ): ReadonlyMap<Lane, Next | Promise<Next>> {
    const apart = outcome.kind === 'failed' && works.length > 1
    const nexts = new Map<Lane, Next | Promise<Next>>()
    for (const [index, work] of works.entries()) {
      const { lane, record } = work
      // What comes behind one that is not finished comes again.
      const reached = (nexts.get(lane) ?? 'go-on') === 'go-on'
      const own = outcome.kind === 'settled' ? outcome.outcomes[index] : outcome
      if (record === undefined) continue
      if (apart) nexts.set(lane, this.#takeApart(work, record, outcome.error, tookMs))
      else if (reached) {
        nexts.set(lane, own === undefined ? 'again' : this.#apply(run, work, record, own, tookMs))
      }
    }
    return nexts
  }

  /** Nobody knows which event of a batch it failed for: each is attempted by itself, and none is blamed yet. */
  #takeApart(work: Work, record: StoredRecord, error: Error, tookMs: number): Next {
    this.#report(work, record, 'failed', tookMs, error, 0)
    work.alone = true
    return 'again'
  }

  #apply(
    run: PartitionRun,
    work: Work,
    record: StoredRecord,
    outcome: Outcome,
    tookMs: number,
  ): Next | Promise<Next> {
    work.counted = 0
    if (run.closed || outcome === abandoned) return 'stop'
    run.outage = outcome.kind === 'outage' ? outcome.error : undefined
    work.outages = run.outage === undefined ? 0 : work.outages + 1
    switch (outcome.kind) {
      case 'handled':
      case 'duplicate':
        this.#report(work, record, outcome.kind, tookMs, undefined, undefined)
        return this.#finish(run, work)
      case 'failed':
        return this.#fail(run, work, record, outcome.error, outcome.final, tookMs)
      case 'newer':
        if (this.#options.policy.afterNewer === 'dead-letter') {
          return this.#fail(run, work, record, outcome.error, true, tookMs)
        }
        this.#report(work, record, 'newer', tookMs, outcome.error, groupDefaults.newerRetryMs)
        work.error = outcome.error
        return this.#retry(run, work, record, groupDefaults.newerRetryMs)
      case 'outage':
        return this.#waitOut(run, work, record, outcome.error, tookMs)
      case 'fenced':
        // Mostly the partition is lost and its assignment ends before this wait does.
        this.#report(work, record, 'failed', tookMs, outcome.error, groupDefaults.storeRetryMs)
        return { waitMs: groupDefaults.storeRetryMs }
      case 'abandoned':
        return 'stop'
    }
  }

  #finish(run: PartitionRun, work: Work): Next | Promise<Next> {
    if (work.origin === 'read') return this.#finished(run, work)
    const { context, deadLetters } = this.#options
    const id = deadLetterId(context.group, work)
    return this.#surely(run, () => deadLetters.resolve(run.fence(context.group), id)).then(() =>
      this.#finished(run, work),
    )
  }

  #finished(run: PartitionRun, work: Work): Next {
    if (run.closed) return 'stop'
    run.finish(work)
    return 'go-on'
  }

  #fail(
    run: PartitionRun,
    work: Work,
    record: StoredRecord,
    error: Error,
    final: boolean,
    tookMs: number,
  ): Next | Promise<Next> {
    const { policy, random } = this.#options
    const delayMs = final ? undefined : retryDelayMs(policy.retry, work.failed + 1, random)
    this.#report(work, record, delayMs === undefined ? 'dead-letter' : 'failed', tookMs, error, delayMs)
    work.failed += 1
    work.error = error
    return delayMs === undefined ? this.#setDown(run, work, record) : this.#retry(run, work, record, delayMs)
  }

  /** Waits without counting the attempt: while nothing can be used, nothing is learned of the event. */
  #waitOut(
    run: PartitionRun,
    work: Work,
    record: StoredRecord,
    error: Error,
    tookMs: number,
  ): Next | Promise<Next> {
    const waitMs = outageDelayMs(work.outages, this.#options.random)
    this.#report(work, record, 'outage', tookMs, error, waitMs)
    return this.#retry(run, work, record, waitMs)
  }

  #retry(run: PartitionRun, work: Work, record: StoredRecord, waitMs: number): Next | Promise<Next> {
    work.nextAttemptAt = this.#options.clock.now() + waitMs
    if (work.origin === 'read') return { waitMs }
    return this.#put(run, work, record, work.origin).then(() => {
      work.event = undefined // The store has it; memory keeps only its place.
      return run.closed ? 'stop' : { waitMs }
    })
  }

  /** Makes a dead letter without another attempt. */
  #bury(run: PartitionRun, work: Work, record: StoredRecord, error: Error): Promise<Next> {
    work.error = error
    this.#report(work, record, 'dead-letter', 0, error, undefined)
    return this.#setDown(run, work, record)
  }

  async #setDown(run: PartitionRun, work: Work, record: StoredRecord): Promise<Next> {
    await this.#put(run, work, record, 'dead')
    if (this.#options.policy.afterDeadLetter === 'continue' || work.lane.key === undefined)
      return this.#finished(run, work)
    if (run.closed) return 'stop'
    run.block(work)
    return 'blocked'
  }

  #put(run: PartitionRun, work: Work, record: StoredRecord, state: DeadLetterState): Promise<void> {
    const { context, clock, deadLetters } = this.#options
    const letter = letterOf(context.group, work, record, state, clock.now())
    return this.#surely(run, () => deadLetters.put(run.fence(context.group), [letter]))
  }

  #surely<Result>(run: PartitionRun, action: () => Promise<Result>): Promise<Result> {
    const { clock, stopping } = this.#options
    return surely(clock, stopping, () => !stopping.aborted && !run.closed, action)
  }

  #report(
    work: Work,
    { topic, partition, offset, appendedAt }: StoredRecord,
    outcome: DeliveryReport['outcome'],
    tookMs: number,
    error: Error | undefined,
    retryInMs: number | undefined,
  ): void {
    const { context, report } = this.#options
    const { event, flow } = work
    const attempt = work.failed + 1
    report({
      group: context.group,
      topic,
      partition,
      offset,
      appendedAt,
      event,
      flow,
      attempt,
      outcome,
      tookMs,
      error,
      retryInMs,
    })
  }
}

function entryOf({ lane, record, event, failed }: Work): BatchEntry[] {
  return record === undefined || event === undefined ? [] : [{ lane, record, event, attempt: failed + 1 }]
}

/** The outcome of a batch of one. */
function only(outcome: Outcome | SettledBatch): Outcome {
  return outcome.kind === 'settled' ? (outcome.outcomes[0] ?? abandoned) : outcome
}

function endLate(attempt: Endable, { handlerTimeoutMs }: GroupPolicy): void {
  const error = new TidingsError(
    'handler_timeout',
    `The handler was still running after ${handlerTimeoutMs} ms. Give it the delivery's signal, or the group a longer handlerTimeout.`,
  )
  attempt.end(error, { kind: 'failed', error, final: false })
}

function crashed({ failed }: Work): TidingsError {
  return new TidingsError(
    'handler_crashed',
    `The process died ${failed} times while it handled this event, or after it had failed. Look for what ends the process before redriving it: memory, a native module, process.exit.`,
  )
}
