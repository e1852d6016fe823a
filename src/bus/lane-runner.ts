import { type Clock, isTidingsError } from '../kernel/index.ts'
import { BatchCollector } from './batch-collector.ts'
import type { Deliverer, Next } from './deliverer.ts'
import type { BatchHandling } from './handlers.ts'
import type { Lane } from './lane.ts'
import { Line } from './line.ts'
import type { PartitionRun } from './partition-run.ts'

export interface LaneRunnerOptions {
  readonly deliverer: Deliverer
  readonly concurrency: number
  readonly clock: Clock
  /** Something of the partition was finished, or a lane has come to rest. */
  readonly progressed: (run: PartitionRun) => void
  /** Something went wrong that is nobody's event: the member cannot go on. */
  readonly failed: (error: unknown) => void
}

/** What waits for a place among the handlers at work. */
type Turn =
  | { readonly run: PartitionRun; readonly lane: Lane }
  | { readonly run: PartitionRun; readonly collector: BatchCollector }

/**
 * Runs lanes: one event at a time for a key, as many keys at once as the group's concurrency allows. Lanes whose next
 * event is for a handler of batches run together, as one.
 */
export class LaneRunner {
  readonly #options: LaneRunnerOptions
  readonly #ready = new Line<Turn>()
  readonly #idle: (() => void)[] = []
  #running = 0
  #filling = false
  /** False while the member stops: nothing more is started. */
  accepting = true

  constructor(options: LaneRunnerOptions) {
    this.#options = options
  }

  /** Starts lanes of a partition that have something to do, as soon as there is a place for them. */
  offer(run: PartitionRun, ...lanes: readonly Lane[]): void {
    for (const lane of lanes) this.#prepare(run, lane)
    this.admit(run)
  }

  #prepare(run: PartitionRun, lane: Lane): void {
    const [first] = lane.works
    if (lane.state === 'collecting') lane.collector?.add(lane)
    if (lane.state !== 'idle' || lane.storing || first === undefined) return
    if (first.origin === 'dead') {
      lane.state = 'blocked'
      return
    }
    const waitMs = (first.nextAttemptAt ?? 0) - this.#options.clock.now()
    if (waitMs > 0) {
      this.#wait(run, lane, waitMs)
      return
    }
    lane.state = 'ready'
    run.held.add(lane)
  }

  /**
   * Lets the lanes of a partition start: all of them, or in a careful one the next suspect, the least tried first, so
   * that the events beside the one that kills its process are handled before it is tried again.
   */
  admit(run: PartitionRun): void {
    if (run.held.size === 0) return
    if (run.careful) {
      const lane = run.running > 0 ? undefined : run.nextSuspect()
      if (lane !== undefined) this.#admitLane(run, lane)
    } else for (const lane of run.held) this.#admitLane(run, lane)
    this.#fill()
  }

  /** Keeps a waiting or blocked lane from starting until `release`, also when it is unblocked meanwhile. */
  hold(lane: Lane): void {
    lane.storing = true
    lane.timer?.cancel()
    lane.timer = undefined
  }

  /** A waiting lane goes on when its first event is due, a blocked one stays so. */
  release(run: PartitionRun, lane: Lane): void {
    lane.storing = false
    if (lane.state === 'waiting') lane.state = 'idle'
    this.offer(run, lane)
  }

  /** Fulfils when no handler is at work. */
  async drained(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  close(): void {
    this.accepting = false
    this.#ready.clear()
  }

  #admitLane(run: PartitionRun, lane: Lane): void {
    run.held.delete(lane)
    const handling = this.#batchHandlingOf(lane)
    if (handling === undefined) this.#ready.add({ run, lane })
    else this.#collectorOf(run, handling).add(lane)
  }

  #batchHandlingOf({ works: [first] }: Lane): BatchHandling | undefined {
    return first && this.#options.deliverer.batchHandlingOf(first)
  }

  #collectorOf(run: PartitionRun, handling: BatchHandling): BatchCollector {
    const known = run.collectors.get(handling)
    if (known !== undefined) return known
    const { clock, deliverer } = this.#options
    const collector = new BatchCollector({
      handling,
      clock,
      takes: (work) => deliverer.batchHandlingOf(work) === handling,
      ready: () => {
        this.#ready.add({ run, collector })
        this.#fill()
      },
    })
    run.collectors.set(handling, collector)
    return collector
  }

  #fill(): void {
    // A lane that drains at once comes back here: the loop below goes on with the next, without growing the stack.
    if (this.#filling) return
    this.#filling = true
    try {
      while (this.#running < this.#options.concurrency && this.accepting) {
        const next = this.#ready.shift()
        if (next === undefined) break
        this.#running += 1
        next.run.running += 1
        if ('collector' in next) this.#runBatch(next.run, next.collector)
        else {
          next.lane.state = 'running'
          this.#drain(next.run, next.lane)
        }
      }
    } finally {
      this.#filling = false
    }
  }

  #runBatch(run: PartitionRun, collector: BatchCollector): void {
    const works = run.accepting && this.accepting ? collector.start() : []
    if (works.length === 0) {
      this.#rest(run)
      return
    }
    this.#options.deliverer.deliverBatch(run, collector.handling, works).then(
      (nexts) => this.#followBatch(run, collector, nexts),
      (error: unknown) => this.#options.failed(error),
    )
  }

  /** Each lane of a batch goes its own way: one that has to write down a failure needs a place for that. */
  #followBatch(
    run: PartitionRun,
    collector: BatchCollector,
    nexts: ReadonlyMap<Lane, Next | Promise<Next>>,
  ): void {
    const onward: Lane[] = []
    for (const [lane, next] of nexts) {
      if (next instanceof Promise) {
        this.#running += 1
        run.running += 1
        this.#await(run, lane, next)
      } else {
        this.#settle(run, lane, next)
        if (next === 'go-on' || next === 'again') onward.push(lane)
      }
    }
    this.#options.progressed(run)
    this.offer(run, ...onward)
    collector.ended()
    this.#rest(run)
  }

  /**
   * Runs a lane until it is empty, has to wait, may not go on, or comes to an event for a batch. Synchronous as long as
   * its deliveries are.
   */
  #drain(run: PartitionRun, lane: Lane): void {
    for (;;) {
      const [work] = lane.works
      const mayStart = work !== undefined && run.accepting && this.accepting
      if (mayStart && this.#batchHandlingOf(lane) !== undefined) {
        lane.state = 'idle'
        this.#rest(run)
        this.offer(run, lane)
        return
      }
      const next = mayStart ? this.#options.deliverer.deliver(run, work) : 'stop'
      if (next instanceof Promise) {
        this.#await(run, lane, next)
        return
      }
      if (!this.#goOn(run, lane, next)) return
    }
  }

  #await(run: PartitionRun, lane: Lane, next: Promise<Next>): void {
    next.then(
      (each) => this.#continue(run, lane, each),
      (error: unknown) => this.#giveUp(run, lane, error),
    )
  }

  #continue(run: PartitionRun, lane: Lane, next: Next): void {
    if (this.#goOn(run, lane, next)) this.#drain(run, lane)
  }

  #goOn(run: PartitionRun, lane: Lane, next: Next): boolean {
    if (next === 'go-on') {
      this.#options.progressed(run)
      // In a careful partition the next suspect may be another lane's.
      if (!run.careful) {
        this.admit(run) // It may have been the last suspect.
        return true
      }
    }
    this.#settle(run, lane, next)
    this.#rest(run)
    if (next === 'go-on') this.offer(run, lane)
    return false
  }

  #settle(run: PartitionRun, lane: Lane, next: Next): void {
    if (typeof next === 'object' && !run.closed) this.#wait(run, lane, next.waitMs)
    else if (next !== 'blocked') lane.state = 'idle'
    if (next === 'blocked' || typeof next === 'object') run.passSuspects(lane)
  }

  /** A delivery rejects when the member stops or has lost the partition before its store could be written. */
  #giveUp(run: PartitionRun, lane: Lane, error: unknown): void {
    const lost = run.closed || isTidingsError(error, 'fenced')
    if (this.accepting && !lost) this.#options.failed(error)
    this.#continue(run, lane, 'stop')
  }

  #rest(run: PartitionRun): void {
    this.#running -= 1
    run.running -= 1
    this.#options.progressed(run)
    if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve()
    this.admit(run)
    this.#fill()
  }

  #wait(run: PartitionRun, lane: Lane, waitMs: number): void {
    lane.state = 'waiting'
    lane.timer = this.#options.clock.schedule(waitMs, () => {
      lane.timer = undefined
      if (!run.closed) this.release(run, lane)
    })
  }
}
