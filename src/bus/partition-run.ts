import type { DeadLetter } from '../dead-letter/index.ts'
import { type CloudEvent, partitionKeyOf } from '../event/index.ts'
import { groupDefaults, limits } from '../kernel/index.ts'
import {
  type Assignment,
  type Fence,
  type FinishedRange,
  type StoredRecord,
  Watermark,
} from '../log/index.ts'
import type { BatchCollector } from './batch-collector.ts'
import { decodeCommitState, encodeCommitState } from './commit-state.ts'
import type { Endable } from './handler-run.ts'
import type { BatchHandling } from './handlers.ts'
import { type KeptOrigin, type Lane, newWork, type Work } from './lane.ts'
import { Lanes } from './lanes.ts'
import { Line } from './line.ts'
import type { MemoryBound } from './memory-bound.ts'

/** What is needed of an entry to put it in its lane. */
export type KeptLetter = Pick<DeadLetter, 'offset' | 'key' | 'attempts' | 'nextAttemptAt'>

/** What one member knows of a partition while it owns it: how far it is finished, and the lanes of its keys. */
export class PartitionRun {
  readonly assignment: Assignment
  readonly attempts: Line<Endable> = new Line()
  /** What collects events for handlers of batches. */
  readonly collectors: Map<BatchHandling, BatchCollector> = new Map()
  /** Nothing more is read until it is further. */
  paused = false
  /** Why its events wait, all of them, and for nobody's fault: the inbox or the engine could not be used in the last attempt. */
  outage: Error | undefined
  /** There are events to be parked behind a dead letter. */
  mustPark = false
  /** Lanes at work. */
  running = 0
  /** Lanes that are ready and not admitted yet. */
  readonly held: Set<Lane> = new Set()
  readonly #watermark: Watermark
  readonly #memory: MemoryBound
  /** Attempts of events that an earlier owner counted and that were not read yet. */
  readonly #failedBefore: Map<number, number>
  /** Read and not finished, in offset order. */
  readonly #unfinished = new Line<Work>()
  /** Kept by the dead-letter store and still to be delivered, by offset. */
  readonly #kept = new Map<number, Work>()
  readonly #lanes = new Lanes()
  #readTo: number
  /** Events before it may have been in hand when an earlier owner died. */
  readonly #suspectTo: number
  /** Suspects that were read and are to be attempted before anything else is. */
  readonly #suspects = new Set<Work>()
  /** What the last commit says may be in hand. */
  #begunTo: number
  #begunAhead: number = groupDefaults.leastBegunAhead
  #readSinceCommit = 0
  /** False once the partition is leaving or lost: then nothing more is started. */
  accepting = true
  /** True once everything was let go of: outcomes that still come do not count. */
  closed = false

  constructor(assignment: Assignment, memory: MemoryBound) {
    const { offset, state } = assignment.committed
    const { finished, attempts, begun } = decodeCommitState(offset, state)
    this.assignment = assignment
    this.#watermark = new Watermark(offset, finished)
    this.#failedBefore = new Map(attempts)
    this.#memory = memory
    this.#readTo = offset
    this.#suspectTo = Math.min(begun, assignment.end)
    this.#begunTo = offset
  }

  /** How far what was read runs ahead of the lowest unfinished event. */
  get ahead(): number {
    return this.#readTo - this.#watermark.offset
  }

  /** Whether all events before this offset are finished or safely set aside. */
  isFinishedUpTo(offset: number): boolean {
    return this.#watermark.offset >= offset
  }

  /** Whose commits and dead letters are accepted. */
  fence(group: string): Fence {
    const { topic, partition, generation } = this.assignment
    return { group, topic, partition, generation }
  }

  isFinished(offset: number): boolean {
    return this.#watermark.isFinished(offset)
  }

  /**
   * Nothing has to be done with an event: it was finished before. Nor with offsets before it that the log does not have,
   * after compaction or around the transactions of others.
   */
  pass(offset: number): void {
    for (let missing = this.#readTo; missing < offset; missing++) this.#watermark.finish(missing)
    this.#readTo = Math.max(this.#readTo, offset + 1)
  }

  /** Passes over an event that needs no handling. */
  skip(offset: number): void {
    this.pass(offset)
    this.#watermark.finish(offset)
  }

  /** Puts a record that was read into the lane of its key. */
  add(record: StoredRecord, event: CloudEvent | undefined): Lane {
    const { topic, partition, offset } = record
    const lane = this.#lanes.of(event === undefined ? undefined : partitionKeyOf(event))
    const { inHandBefore } = record
    const failed = this.#failedBefore.get(offset) ?? inHandBefore ?? 0
    this.#failedBefore.delete(offset)
    const suspect = offset < this.#suspectTo || inHandBefore !== undefined
    const work = newWork({ topic, partition, offset, lane, origin: 'read', record, event, failed, suspect })
    work.place = this.#unfinished.add(work)
    // Behind one that waits it is not started soon: the others must not wait for it.
    if (suspect && lane.state !== 'waiting' && lane.state !== 'blocked') this.#suspects.add(work)
    if (lane.state === 'blocked') this.mustPark = true
    this.#memory.add(record)
    this.#readSinceCommit += 1
    this.pass(offset)
    return lane
  }

  /** Puts an event that the dead-letter store keeps into the lane of its key; undefined when nothing is new about it. */
  addKept(letter: KeptLetter, origin: KeptOrigin): Lane | undefined {
    const known = this.#kept.get(letter.offset)
    if (known !== undefined)
      return known.origin === 'dead' && origin === 'requested' ? this.#unblock(known) : undefined
    const { topic, partition } = this.assignment
    const { offset, attempts: failed, nextAttemptAt } = letter
    const lane = this.#lanes.of(letter.key)
    this.#kept.set(offset, newWork({ topic, partition, offset, lane, origin, failed, nextAttemptAt }))
    // It was set aside before the watermark could be saved: the store has it, the log must not give it again.
    this.#watermark.finish(offset)
    return lane
  }

  /** The first work of its lane is a dead letter now, which holds back its key. */
  block(work: Work): void {
    if (work.origin === 'read') this.#handOver(work, 'dead')
    else work.origin = 'dead'
    work.lane.state = 'blocked'
    if (work.lane.works.length > 1) this.mustPark = true
  }

  /** Dead letters that hold back their keys. */
  get blocking(): readonly Work[] {
    return [...this.#kept.values()].filter(
      ({ origin, lane }) => origin === 'dead' && lane.state === 'blocked',
    )
  }

  /** A dead letter was discarded: its key goes on without it. */
  discard(work: Work): Lane {
    work.lane.state = 'idle'
    this.finish(work)
    return work.lane
  }

  #unblock(work: Work): Lane {
    work.origin = 'requested'
    work.failed = 0
    work.nextAttemptAt = undefined
    work.lane.state = 'idle'
    return work.lane
  }

  /**
   * An earlier owner died with events in hand, and one of them may be the reason: until each was attempted once more,
   * one after the other, nothing else is started.
   */
  get careful(): boolean {
    return this.#suspects.size > 0 || this.#readTo < this.#suspectTo
  }

  /** Of the lanes that are held, the one to start next while the partition is careful: the least tried suspect's. */
  nextSuspect(): Lane | undefined {
    let best: Lane | undefined
    for (const lane of this.held) {
      const [first] = lane.works
      if (first === undefined) continue
      // After a rewind, one that the store keeps may come first, with an offset beyond, and a suspect behind it.
      if (first.offset >= this.#suspectTo && !lane.works.some((work) => this.#suspects.has(work))) continue
      if (best === undefined || first.failed < (best.works[0]?.failed ?? 0)) best = lane
    }
    return best
  }

  /**
   * Events behind one that waits for another attempt are not started soon: they must not keep the others waiting. Their
   * first attempt is still stored before it starts.
   */
  passSuspects(lane: Lane): void {
    for (const work of lane.works) this.#suspects.delete(work)
  }

  /** The process has lived through an attempt of this event. */
  clearSuspicion(work: Work): void {
    work.suspect = false
    this.#suspects.delete(work)
  }

  /** True when events are about to be started that the last commit does not cover. */
  get beyondBegun(): boolean {
    return this.#readTo > this.#begunTo
  }

  /** The first work of its lane is done with: handled, or a dead letter. */
  finish(work: Work): void {
    work.lane.works.shift()
    if (work.origin === 'read') this.#watermark.finish(work.offset)
    this.#forget(work)
    if (work.lane.works.length === 0) this.#lanes.leave(work.lane)
  }

  /** A read event now is with the dead-letter store: the watermark may pass it, its place in the lane stays. */
  keep(work: Work, state: KeptOrigin): void {
    if (work.origin === 'read') this.#handOver(work, state)
  }

  #handOver(work: Work, origin: KeptOrigin): void {
    this.#watermark.finish(work.offset)
    this.#forget(work)
    work.origin = origin
    work.record = undefined
    work.event = undefined
    this.#kept.set(work.offset, work)
  }

  /**
   * Events that cannot be delivered soon, oldest first: behind a failed attempt, or behind a dead letter. While there is an
   * outage, setting them aside lets nothing pass.
   */
  stuck(most: number): Work[] {
    const works: Work[] = []
    if (this.outage !== undefined) return works
    for (const work of this.#unfinished) {
      if (works.length === most) break
      if (isStuck(work)) works.push(work)
    }
    return works
  }

  /** Events that were set aside behind one that was still tried, and is a dead letter now. */
  setAsideBehindDead(most: number): Work[] {
    const works: Work[] = []
    for (const work of this.#kept.values()) {
      if (works.length === most) break
      if (work.origin === 'set-aside' && work.lane.state === 'blocked') works.push(work)
    }
    return works
  }

  /** True when the lowest unfinished event is stuck, so that setting it aside moves the watermark. */
  get lowestWaits(): boolean {
    if (this.outage !== undefined) return false
    for (const work of this.#unfinished) return isStuck(work)
    return false
  }

  /**
   * What is to be committed. `begun` reaches beyond what was read, so that most events are covered by a commit made
   * before they came; `closing` covers only what an earlier owner left and was not tried, nothing is in hand then. `fits`
   * is false when finished ranges had to be left out to keep within the bound.
   */
  commitState(closing: boolean): {
    readonly offset: number
    readonly state: string
    readonly begun: number
    readonly fits: boolean
    readonly finished: readonly FinishedRange[]
    readonly attempts: ReadonlyMap<number, number>
  } {
    const offset = this.#watermark.offset
    const begun = closing
      ? this.#stillSuspectTo()
      : Math.max(this.#suspectTo, this.#readTo + this.#nextBegunAhead())
    this.#readSinceCommit = 0
    const attempts = this.#attempts()
    let finished: readonly FinishedRange[] = this.#watermark.ranges
    let state = encodeCommitState(offset, { finished, attempts, begun })
    const fits = state.length <= limits.commitStateBytes
    while (state.length > limits.commitStateBytes) {
      // What is left out is delivered again after a crash; nothing is lost.
      finished = finished.slice(0, Math.floor(finished.length / 2))
      const kept =
        finished.length === 0
          ? new Map([...attempts].slice(0, Math.floor(limits.commitStateBytes / 16)))
          : attempts
      state = encodeCommitState(offset, { finished, attempts: kept, begun })
    }
    return { offset, state, begun, fits, finished: this.#watermark.ranges, attempts }
  }

  /** Of the unfinished events, in offset order: those that were read, then those that are still to be. */
  #attempts(): ReadonlyMap<number, number> {
    const attempts = new Map<number, number>()
    for (const { offset, failed, counted } of this.#unfinished) {
      const count = Math.max(failed, counted)
      if (count > 0) attempts.set(offset, count)
    }
    for (const [offset, count] of this.#failedBefore) if (offset >= this.#readTo) attempts.set(offset, count)
    return attempts
  }

  /** What the next owner has to suspect when this one has nothing in hand: what it was to suspect and has not tried. */
  #stillSuspectTo(): number {
    if (this.#readTo < this.#suspectTo) return this.#suspectTo
    let to = this.#watermark.offset
    for (const { offset, suspect } of this.#unfinished) if (suspect) to = offset + 1
    return to
  }

  /** A commit with this `begun` is durable. */
  committed(begun: number): void {
    this.#begunTo = Math.max(this.#begunTo, begun)
  }

  /**
   * Twice what was read since the last commit. It falls by half at a time: an engine may give a partition much at once and
   * then nothing for a while, and whoever runs into the end of it waits for a commit, which over a network takes long.
   */
  #nextBegunAhead(): number {
    const { leastBegunAhead, mostBegunAhead } = groupDefaults
    const wanted = Math.max(leastBegunAhead, 2 * this.#readSinceCommit, Math.floor(this.#begunAhead / 2))
    this.#begunAhead = Math.min(mostBegunAhead, wanted)
    return this.#begunAhead
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
    this.held.clear()
    for (const collector of this.collectors.values()) collector.close()
  }

  get full(): boolean {
    return this.#kept.size >= groupDefaults.keptEvents
  }

  #forget(work: Work): void {
    this.clearSuspicion(work)
    if (work.origin !== 'read') {
      this.#kept.delete(work.offset)
      return
    }
    if (work.place !== undefined) this.#unfinished.remove(work.place)
    if (work.record !== undefined) this.#memory.remove(work.record)
  }
}

function isStuck({ lane }: Work): boolean {
  return lane.state === 'waiting' || lane.state === 'blocked'
}
