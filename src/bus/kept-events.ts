import { type DeadLetterState, type DeadLetterStore, deadLetterId } from '../dead-letter/index.ts'
import { type Clock, groupDefaults, type Timer } from '../kernel/index.ts'
import type { GroupPolicy } from './group-options.ts'
import type { KeptOrigin, Work } from './lane.ts'
import type { LaneRunner } from './lane-runner.ts'
import { letterOf } from './letter.ts'
import type { PartitionRun } from './partition-run.ts'
import { surely } from './surely.ts'

export interface KeptEventsOptions {
  readonly group: string
  readonly policy: GroupPolicy
  readonly deadLetters: DeadLetterStore
  readonly runner: LaneRunner
  readonly clock: Clock
  /** Aborts when the member stops. */
  readonly stopping: AbortSignal
  /** Events of the partition were handed over: there is something to commit, and room. */
  readonly progressed: (run: PartitionRun) => void
}

/** What the dead-letter store keeps of a member's partitions: handed to it, taken from it, and asked for again. */
export class KeptEvents {
  readonly #options: KeptEventsOptions
  readonly #runs: () => Iterable<PartitionRun>
  #stopWatching: () => void = () => undefined
  #timer: Timer | undefined
  #settingAside = false

  constructor(options: KeptEventsOptions, runs: () => Iterable<PartitionRun>) {
    this.#options = options
    this.#runs = runs
  }

  /** Notices redrives and discards, whoever asks for them. */
  watch(): void {
    this.#stopWatching = this.#options.deadLetters.watch(() => this.#lookSoon())
  }

  close(): void {
    this.#stopWatching()
    this.#timer?.cancel()
  }

  /** Puts what is kept of a partition into its lanes, before its first record is. */
  async load(run: PartitionRun): Promise<void> {
    const { group, policy, deadLetters, runner, clock, stopping } = this.#options
    const { topic, partition } = run.assignment
    // A dead letter matters only where it holds back its key.
    const states: readonly DeadLetterState[] =
      policy.afterDeadLetter === 'hold' ? [...delivered, 'dead'] : delivered
    const goOn = (): boolean => runner.accepting && !run.closed
    const kept = await surely(clock, stopping, goOn, () => deadLetters.open(group, topic, partition, states))
    for (const place of kept) {
      const lane = isKept(place.state) ? run.addKept(place, place.state) : undefined
      if (lane !== undefined) runner.offer(run, lane)
    }
  }

  /** Hands events that cannot be delivered soon to the store, so that the others can go on. */
  async setAside(runs: readonly PartitionRun[]): Promise<void> {
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
    if (moved > 0) for (const run of runs) this.#options.progressed(run)
  }

  async #setAsideOf(run: PartitionRun): Promise<number> {
    const parks = run.mustPark
    run.mustPark = false
    try {
      const handed = await this.#handOver(run)
      const parked = parks ? await this.#park(run) : 0
      if (handed === groupDefaults.setAsideBatch || parked === groupDefaults.setAsideBatch)
        run.mustPark = true
      return handed + parked
    } catch (error) {
      run.mustPark = parks
      throw error
    }
  }

  async #park(run: PartitionRun): Promise<number> {
    const { group, deadLetters } = this.#options
    const works = run.setAsideBehindDead(groupDefaults.setAsideBatch)
    if (works.length === 0) return 0
    const letters = await Promise.all(works.map((work) => deadLetters.get(deadLetterId(group, work))))
    const parked = letters.flatMap((letter) =>
      letter?.state === 'set-aside'
        ? [{ ...letter, state: 'parked' as const, nextAttemptAt: undefined }]
        : [],
    )
    await deadLetters.put(run.fence(group), parked)
    for (const work of works) if (work.origin === 'set-aside') work.origin = 'parked'
    return works.length
  }

  async #handOver(run: PartitionRun): Promise<number> {
    const { group, deadLetters, runner, clock } = this.#options
    const works = run.full ? [] : run.stuck(groupDefaults.setAsideBatch)
    const letters = works.flatMap((work) =>
      work.record ? [letterOf(group, work, work.record, stuckState(work), clock.now())] : [],
    )
    if (letters.length === 0) return 0
    // None of them may be delivered while it is on its way to the store.
    const lanes = new Set(works.map((work) => work.lane))
    for (const lane of lanes) runner.hold(lane)
    try {
      await deadLetters.put(run.fence(group), letters)
      if (run.closed) return 0
      for (const work of works) run.keep(work)
    } finally {
      if (!run.closed) for (const lane of lanes) runner.wake(run, lane)
    }
    return works.length
  }

  #lookSoon(): void {
    this.#timer ??= this.#options.clock.schedule(groupDefaults.redriveLookMs, () => {
      this.#timer = undefined
      // A store that does not answer is looked at again.
      this.#look().catch(() => this.#lookSoon())
    })
  }

  async #look(): Promise<void> {
    for (const run of this.#runs()) {
      await this.#takeRequested(run)
      await this.#passDiscarded(run)
    }
  }

  /** Puts dead letters whose redrive was requested into the lanes of their keys. */
  async #takeRequested(run: PartitionRun): Promise<void> {
    const { group, deadLetters, runner } = this.#options
    const { topic, partition } = run.assignment
    for (const place of await deadLetters.open(group, topic, partition, ['requested'])) {
      const lane = run.accepting ? run.addKept(place, 'requested') : undefined
      if (lane !== undefined) runner.offer(run, lane)
    }
  }

  /** Keys whose dead letter was discarded go on without it. */
  async #passDiscarded(run: PartitionRun): Promise<void> {
    const { group, deadLetters, runner } = this.#options
    const { topic, partition } = run.assignment
    const { blocking } = run
    if (blocking.length === 0) return
    const open = await deadLetters.open(group, topic, partition, ['dead', 'requested'])
    const offsets = new Set(open.map(({ offset }) => offset))
    for (const work of blocking) {
      const discarded = work.origin === 'dead' && !offsets.has(work.offset)
      if (discarded && run.accepting) runner.offer(run, run.discard(work))
    }
  }
}

const delivered = ['set-aside', 'requested', 'parked'] as const satisfies DeadLetterState[]

function isKept(state: DeadLetterState): state is KeptOrigin {
  return state !== 'handled' && state !== 'discarded'
}

function stuckState({ lane }: Work): 'set-aside' | 'parked' {
  return lane.state === 'blocked' ? 'parked' : 'set-aside'
}
