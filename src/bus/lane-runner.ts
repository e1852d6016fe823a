import {
  type DeadLetter,
  type DeadLetterState,
  type DeadLetterStore,
  deadLetterId,
} from '../dead-letter/index.ts'
import { type Clock, groupDefaults, type Random, TidingsError, toError } from '../kernel/index.ts'
import type { StoredRecord } from '../log/index.ts'
import { Attempt, type AttemptContext, abandoned, eventOf, type Outcome } from './attempt.ts'
import { Deadlines } from './deadlines.ts'
import type { GroupPolicy } from './group-options.ts'
import type { Handlers } from './handlers.ts'
import type { Lane, Work } from './lane.ts'
import { letterOf } from './letter.ts'
import { Line } from './line.ts'
import type { PartitionRun } from './partition-run.ts'
import type { Report } from './report.ts'
import { retryDelayMs } from './retry.ts'
import { surely } from './surely.ts'

export interface LaneRunnerOptions {
  readonly context: AttemptContext
  readonly policy: GroupPolicy
  readonly handlers: Handlers
  readonly deadLetters: DeadLetterStore
  /** True where records are ours, with a checksum that was verified. */
  readonly trusted: boolean
  readonly clock: Clock
  readonly random: Random
  readonly report: Report
  /** Something of the partition was finished, kept, or has come to rest. */
  readonly progressed: (run: PartitionRun) => void
}

/** What follows an outcome: the lane goes on, waits for its first event, or stops because the delivery is no longer ours. */
type Next = 'go-on' | 'stop' | { readonly waitMs: number }

/**
 * Runs lanes: one event at a time for a key, as many keys at once as the group's concurrency allows. Applies the
 * retry policy, and writes dead letters before the watermark passes them.
 */
export class LaneRunner {
  readonly #options: LaneRunnerOptions
  readonly #deadlines: Deadlines<Attempt>
  readonly #ready = new Line<{ readonly run: PartitionRun; readonly lane: Lane }>()
  readonly #idle: (() => void)[] = []
  #running = 0
  #filling = false
  /** False while the member stops: nothing more is started. */
  accepting = true

  constructor(options: LaneRunnerOptions) {
    const { clock, policy } = options
    this.#options = options
    this.#deadlines = new Deadlines(clock, policy.handlerTimeoutMs, (attempt) => endLate(attempt, policy))
  }

  /** Starts a lane when there is something to do and a place for it. */
  offer(run: PartitionRun, lane: Lane): void {
    const [first] = lane.works
    if (lane.state !== 'idle' || first === undefined) return
    const waitMs = (first.nextAttemptAt ?? 0) - this.#options.clock.now()
    if (waitMs > 0) {
      this.#wait(run, lane, waitMs)
      return
    }
    lane.state = 'ready'
    this.#ready.add({ run, lane })
    this.#fill()
  }

  /** Keeps a waiting lane from starting until `wake`. */
  hold(lane: Lane): void {
    lane.timer?.cancel()
    lane.timer = undefined
  }

  /** A waiting lane goes on when its first event is due. */
  wake(run: PartitionRun, lane: Lane): void {
    lane.state = 'idle'
    this.offer(run, lane)
  }

  /** Fulfils when no handler is at work. */
  async drained(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  close(): void {
    this.accepting = false
    this.#ready.clear()
    this.#deadlines.close()
  }

  #fill(): void {
    // A lane that drains at once comes back here: the loop below goes on with the next, without growing the stack.
    if (this.#filling) return
    this.#filling = true
    while (this.#running < this.#options.policy.concurrency && this.accepting) {
      const next = this.#ready.shift()
      if (next === undefined) break
      const { run, lane } = next
      lane.state = 'running'
      this.#running += 1
      run.running += 1
      this.#drain(run, lane)
    }
    this.#filling = false
  }

  /** Runs a lane until it is empty, has to wait, or may not go on. Synchronous as long as its outcomes are. */
  #drain(run: PartitionRun, lane: Lane): void {
    for (;;) {
      const [work] = lane.works
      if (work === undefined || !run.accepting || !this.accepting) {
        lane.state = 'idle'
        return this.#rest(run)
      }
      const next = this.#deliver(run, work)
      if (next instanceof Promise) {
        // It rejects only when the member stops before its store could be written: the event is delivered again.
        next.then(
          (each) => this.#continue(run, lane, each),
          () => this.#continue(run, lane, 'stop'),
        )
        return
      }
      if (!this.#goOn(run, lane, next)) return
    }
  }

  #continue(run: PartitionRun, lane: Lane, next: Next): void {
    if (this.#goOn(run, lane, next)) this.#drain(run, lane)
  }

  #goOn(run: PartitionRun, lane: Lane, next: Next): boolean {
    if (next === 'go-on') return true
    if (typeof next === 'object' && !run.closed) this.#wait(run, lane, next.waitMs)
    else lane.state = 'idle'
    this.#rest(run)
    return false
  }

  #rest(run: PartitionRun): void {
    this.#running -= 1
    run.running -= 1
    this.#options.progressed(run)
    if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve()
    this.#fill()
  }

  #wait(run: PartitionRun, lane: Lane, waitMs: number): void {
    lane.state = 'waiting'
    lane.timer = this.#options.clock.schedule(waitMs, () => {
      lane.timer = undefined
      if (!run.closed) this.wake(run, lane)
    })
  }

  #deliver(run: PartitionRun, work: Work): Next | Promise<Next> {
    const { record } = work
    return record === undefined ? this.#deliverKept(run, work) : this.#deliverRecord(run, work, record)
  }

  async #deliverKept(run: PartitionRun, work: Work): Promise<Next> {
    const id = deadLetterId(this.#options.context.group, work)
    const letter = await this.#surely(() => this.#options.deadLetters.get(id))
    if (!run.accepting || !this.accepting) return 'stop'
    // Somebody may have discarded it since.
    const ended = letter === undefined || letter.state === 'handled' || letter.state === 'discarded'
    return ended ? this.#finished(run, work) : this.#deliverRecord(run, work, letter)
  }

  #deliverRecord(run: PartitionRun, work: Work, record: StoredRecord): Next | Promise<Next> {
    const { context, handlers, clock, trusted } = this.#options
    try {
      work.event ??= eventOf(record, trusted)
    } catch (thrown) {
      return this.#apply(run, work, record, { kind: 'failed', error: toError(thrown), final: true }, 0)
    }
    const handling = handlers.of(work.event.type)
    if (handling === undefined) return this.#finish(run, work)
    const attempt = new Attempt(context, run.assignment, handling, record, work.event, work.failed + 1)
    const startMs = clock.monotonic()
    const outcome = attempt.run()
    if (!(outcome instanceof Promise))
      return this.#apply(run, work, record, outcome, clock.monotonic() - startMs)
    const deadline = this.#deadlines.add(attempt)
    const place = run.attempts.add(attempt)
    return outcome.then((each) => {
      this.#deadlines.remove(deadline)
      run.attempts.remove(place)
      return this.#apply(run, work, record, each, clock.monotonic() - startMs)
    })
  }

  #apply(
    run: PartitionRun,
    work: Work,
    record: StoredRecord,
    outcome: Outcome,
    tookMs: number,
  ): Next | Promise<Next> {
    if (run.closed || outcome === abandoned) return 'stop'
    switch (outcome.kind) {
      case 'handled':
      case 'duplicate':
        this.#report(work, record, outcome.kind, tookMs, undefined, undefined)
        return this.#finish(run, work)
      case 'failed':
        return this.#fail(run, work, record, outcome.error, outcome.final, tookMs)
      case 'newer':
        if (this.#options.policy.afterNewer === 'dead-letter')
          return this.#fail(run, work, record, outcome.error, true, tookMs)
        this.#report(work, record, 'newer', tookMs, outcome.error, groupDefaults.newerRetryMs)
        return this.#retry(run, work, record, groupDefaults.newerRetryMs)
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
    const id = deadLetterId(this.#options.context.group, work)
    return this.#surely(() => this.#options.deadLetters.resolve(id, 'handled')).then(() =>
      this.#finished(run, work),
    )
  }

  #finished(run: PartitionRun, work: Work): Next {
    if (run.closed) return 'stop'
    run.finish(work)
    this.#options.progressed(run)
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
    const failed = work.failed + 1
    const delayMs = final ? undefined : retryDelayMs(policy.retry, failed, random)
    this.#report(work, record, delayMs === undefined ? 'dead-letter' : 'failed', tookMs, error, delayMs)
    work.failed = failed
    work.error = error
    if (delayMs !== undefined) return this.#retry(run, work, record, delayMs)
    const letter = this.#letterOf(work, record, 'dead')
    return this.#surely(() => this.#options.deadLetters.put([letter])).then(() => this.#finished(run, work))
  }

  #retry(run: PartitionRun, work: Work, record: StoredRecord, waitMs: number): Next | Promise<Next> {
    work.nextAttemptAt = this.#options.clock.now() + waitMs
    if (work.origin === 'read') return { waitMs }
    const letter = this.#letterOf(work, record, work.origin)
    return this.#surely(() => this.#options.deadLetters.put([letter])).then(() =>
      run.closed ? 'stop' : { waitMs },
    )
  }

  #letterOf(work: Work, record: StoredRecord, state: DeadLetterState): DeadLetter {
    return letterOf(this.#options.context.group, work, record, state, this.#options.clock.now())
  }

  #surely<Result>(action: () => Promise<Result>): Promise<Result> {
    return surely(this.#options.clock, () => this.accepting, action)
  }

  #report(
    work: Work,
    { topic, partition, offset }: StoredRecord,
    outcome: 'handled' | 'duplicate' | 'failed' | 'dead-letter' | 'newer',
    tookMs: number,
    error: Error | undefined,
    retryInMs: number | undefined,
  ): void {
    const { context, report } = this.#options
    report({
      group: context.group,
      topic,
      partition,
      offset,
      event: work.event,
      attempt: work.failed + 1,
      outcome,
      tookMs,
      error,
      retryInMs,
    })
  }
}

function endLate(attempt: Attempt, { handlerTimeoutMs }: GroupPolicy): void {
  const error = new TidingsError(
    'handler_timeout',
    `The handler was still running after ${handlerTimeoutMs} ms. Give it the delivery's signal, or the group a longer handlerTimeout.`,
  )
  attempt.end(error, { kind: 'failed', error, final: false })
}
