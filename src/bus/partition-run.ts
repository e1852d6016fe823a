import type { DeadLetter } from '../dead-letter/index.ts'
import { type CloudEvent, partitionKeyOf } from '../event/index.ts'
import { groupDefaults, limits } from '../kernel/index.ts'
import { type Assignment, type FinishedRange, type StoredRecord, Watermark } from '../log/index.ts'
import type { Attempt } from './attempt.ts'
import { decodeCommitState, encodeCommitState } from './commit-state.ts'
import type { Lane, Work } from './lane.ts'
import { Lanes } from './lanes.ts'
import { Line } from './line.ts'
import type { MemoryBound } from './memory-bound.ts'

/** What one member knows of a partition while it owns it: how far it is finished, and the lanes of its keys. */
export class PartitionRun {
  readonly assignment: Assignment
  readonly attempts: Line<Attempt> = new Line()
  /** Nothing more is read until it is further. */
  paused = false
  /** Lanes at work. */
  running = 0
  readonly #watermark: Watermark
  readonly #memory: MemoryBound
  readonly #failedBefore: ReadonlyMap<number, number>
  /** Read and not finished, in offset order. */
  readonly #unfinished = new Line<Work>()
  /** Kept by the dead-letter store and still to be delivered, by offset. */
  readonly #kept = new Map<number, Work>()
  readonly #lanes = new Lanes()
  #readTo: number
  /** False once the partition is leaving or lost: then nothing more is started. */
  accepting = true
  /** True once everything was let go of: outcomes that still come do not count. */
  closed = false

  constructor(assignment: Assignment, memory: MemoryBound) {
    const { offset, state } = assignment.committed
    const { finished, attempts } = decodeCommitState(offset, state)
    this.assignment = assignment
    this.#watermark = new Watermark(offset, finished)
    this.#failedBefore = attempts
    this.#memory = memory
    this.#readTo = offset
  }

  get committable(): number {
    return this.#watermark.offset
  }

  /** How far what was read runs ahead of the lowest unfinished event. */
  get ahead(): number {
    return this.#readTo - this.#watermark.offset
  }

  get kept(): number {
    return this.#kept.size
  }

  get idle(): boolean {
    return this.#unfinished.size === 0 && this.#kept.size === 0
  }

  isFinished(offset: number): boolean {
    return this.#watermark.isFinished(offset)
  }

  /** Passes over an event that needs no handling. */
  skip(offset: number): void {
    this.#readTo = offset + 1
    this.#watermark.finish(offset)
  }

  /** Puts a record that was read into the lane of its key. */
  add(record: StoredRecord, event: CloudEvent | undefined): Lane {
    const { topic, partition, offset } = record
    const lane = this.#lanes.of(event === undefined ? undefined : partitionKeyOf(event))
    const failed = this.#failedBefore.get(offset) ?? 0
    const work: Work = {
      topic,
      partition,
      offset,
      lane,
      place: undefined,
      origin: 'read',
      record,
      event,
      failed,
      error: undefined,
      nextAttemptAt: undefined,
    }
    lane.works.push(work)
    work.place = this.#unfinished.add(work)
    this.#memory.add(record)
    this.#readTo = offset + 1
    return lane
  }

  /** Puts an event that the dead-letter store keeps into the lane of its key; undefined when it is there already. */
  addKept(letter: DeadLetter, origin: 'set-aside' | 'requested'): Lane | undefined {
    if (this.#kept.has(letter.offset)) return undefined
    const { topic, partition, offset, attempts: failed, nextAttemptAt } = letter
    const lane = this.#lanes.of(letter.key)
    const work: Work = {
      topic,
      partition,
      offset,
      lane,
      place: undefined,
      origin,
      record: undefined,
      event: undefined,
      failed,
      error: undefined,
      nextAttemptAt,
    }
    lane.works.push(work)
    this.#kept.set(offset, work)
    return lane
  }

  /** The first work of its lane is done with: handled, or a dead letter. */
  finish(work: Work): void {
    work.lane.works.shift()
    if (work.origin === 'read') this.#watermark.finish(work.offset)
    this.#forget(work)
    if (work.lane.works.length === 0) this.#lanes.leave(work.lane)
  }

  /** A read event now is with the dead-letter store: the watermark may pass it, its place in the lane stays. */
  keep(work: Work): void {
    if (work.origin !== 'read') return
    this.#watermark.finish(work.offset)
    this.#forget(work)
    work.origin = 'set-aside'
    work.record = undefined
    work.event = undefined
    this.#kept.set(work.offset, work)
  }

  /** Events that wait behind a failed attempt, oldest first: those that can be set aside. */
  waiting(most: number): Work[] {
    const works: Work[] = []
    for (const work of this.#unfinished) {
      if (works.length === most) break
      if (work.lane.state === 'waiting') works.push(work)
    }
    return works
  }

  /** True when the lowest unfinished event waits behind a failed attempt, so that setting it aside moves the watermark. */
  get lowestWaits(): boolean {
    for (const work of this.#unfinished) return work.lane.state === 'waiting'
    return false
  }

  /** What is to be committed; `fits` is false when finished ranges had to be left out to keep within the bound. */
  commitState(): { readonly offset: number; readonly state: string; readonly fits: boolean } {
    const offset = this.#watermark.offset
    const attempts = new Map<number, number>()
    for (const work of this.#unfinished) if (work.failed > 0) attempts.set(work.offset, work.failed)
    let finished: readonly FinishedRange[] = this.#watermark.ranges
    let state = encodeCommitState(offset, { finished, attempts })
    const fits = state.length <= limits.commitStateBytes
    while (state.length > limits.commitStateBytes) {
      // What is left out is delivered again after a crash; nothing is lost.
      finished = finished.slice(0, Math.floor(finished.length / 2))
      const kept =
        finished.length === 0
          ? new Map([...attempts].slice(0, Math.floor(limits.commitStateBytes / 16)))
          : attempts
      state = encodeCommitState(offset, { finished, attempts: kept })
    }
    return { offset, state, fits }
  }

  /** Lets go of everything: the partition belongs to another member, or the member stops. */
  clear(): void {
    this.accepting = false
    this.closed = true
    for (const work of [...this.#unfinished, ...this.#kept.values()]) {
      work.lane.timer?.cancel()
      if (work.record !== undefined && work.origin === 'read') this.#memory.remove(work.record)
    }
    this.#unfinished.clear()
    this.#kept.clear()
    this.#lanes.clear()
  }

  get full(): boolean {
    return this.#kept.size >= groupDefaults.keptEvents
  }

  #forget(work: Work): void {
    if (work.origin !== 'read') {
      this.#kept.delete(work.offset)
      return
    }
    if (work.place !== undefined) this.#unfinished.remove(work.place)
    if (work.record !== undefined) this.#memory.remove(work.record)
  }
}
