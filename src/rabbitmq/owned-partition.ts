import {
  type Assignment,
  type Batch,
  type FinishedRange,
  fitting,
  partitionName,
  type Progress,
  type StoredRecord,
  type SubscribeRequest,
} from '../log/index.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { Suspects } from './suspects.ts'
import type { AttemptCounts, InFlight } from './topology-state.ts'

export type OwnedOptions = Omit<Assignment, 'leaving' | 'revoked' | 'isHeld' | 'committed' | 'end'> & {
  /** The offset of the first delivery. */
  readonly from: number
  readonly suspects: Suspects
  /** Whether the group counts on this member, by its own clock. */
  readonly isLive: () => boolean
  /** It has just been found that it does not. */
  readonly lapsed: () => void
}

/** One partition while this member has it: what its queue has delivered and the runtime has not taken. */
export class OwnedPartition {
  readonly name: string
  readonly assignment: Assignment
  readonly #leaving = new AbortController()
  readonly #revoked = new AbortController()
  readonly #buffer: StoredRecord[] = []
  readonly #from: number
  #queue: PartitionQueue | undefined
  #announced = false
  #lastStamp = 0
  readonly #suspects: Suspects
  /** By offset, what suspects in hand are known by. */
  readonly #suspectsInHand = new Map<number, string>()
  #counted = '{}'
  paused = false
  /** When something came last, by the monotonic clock. */
  deliveredMs: number = Number.NEGATIVE_INFINITY

  constructor({ from, suspects, isLive, lapsed, ...place }: OwnedOptions) {
    this.name = partitionName(place.topic, place.partition)
    this.#from = from
    this.#suspects = suspects
    this.assignment = {
      ...place,
      committed: { offset: from, state: '' },
      end: from,
      leaving: this.#leaving.signal,
      revoked: this.#revoked.signal,
      isHeld: () => {
        if (this.isRevoked) return false
        if (isLive()) return true
        lapsed()
        return false
      },
    }
  }

  get from(): number {
    return this.#from
  }

  get isRevoked(): boolean {
    return this.#revoked.signal.aborted
  }

  get isLeaving(): boolean {
    return this.#leaving.signal.aborted
  }

  get inFlight(): InFlight {
    return { events: this.#queue?.inFlight ?? 0, oldestAt: this.#queue?.oldestAt }
  }

  /** Whether the queue has this member as a consumer, as far as the member knows. */
  get isConsuming(): boolean {
    return this.#queue !== undefined && !this.isRevoked
  }

  opened(queue: PartitionQueue): void {
    this.#queue = queue
  }

  leave(): void {
    this.#leaving.abort()
  }

  /** Fulfils when the queue delivers no more here, and takes nothing back. */
  async revoke(): Promise<void> {
    if (!this.isRevoked) {
      this.#buffer.length = 0
      this.#leaving.abort()
      this.#revoked.abort()
    }
    await this.#queue?.close()
  }

  deliver(record: StoredRecord): void {
    // Publishers' clocks differ: what an engine says never goes back in a partition.
    this.#lastStamp = Math.max(this.#lastStamp, record.appendedAt)
    if (!this.isRevoked) this.#buffer.push({ ...record, appendedAt: this.#lastStamp })
  }

  /** Nobody had the event before that has come. */
  cameFresh(): void {
    this.#suspects.complete()
  }

  /**
   * How often an event was attempted that comes once more; undefined where that does not matter, since nobody can have died of it.
   * @param counted attempts that were counted of it before.
   */
  cameAgain(offset: number, identity: string, counted: number | undefined): number | undefined {
    if (!this.#suspects.includes(identity) && counted === undefined) return undefined
    this.#suspectsInHand.set(offset, identity)
    return counted ?? 0
  }

  /** The attempts of suspect events, where they are others than those last taken here. */
  attemptsToCount({
    attempts,
    offset,
    finished = [],
  }: Omit<Progress, 'assignment'>): AttemptCounts | undefined {
    if (this.#suspectsInHand.size === 0 && this.#counted === '{}') return undefined
    for (const [each, identity] of this.#suspectsInHand) {
      if (each >= offset && !finished.some(([from, to]) => from <= each && each < to)) continue
      this.#suspectsInHand.delete(each)
      this.#suspects.clear(identity)
    }
    const counts = [...this.#suspectsInHand].map(
      ([each, identity]) => [identity, attempts?.get(each) ?? 0] as const,
    )
    const counted = Object.fromEntries(counts.filter(([, count]) => count > 0))
    const text = JSON.stringify(counted)
    if (text === this.#counted) return undefined
    this.#counted = text
    return counted
  }

  acknowledge(before: number, finished: readonly FinishedRange[]): boolean {
    return !this.isRevoked && this.#queue?.acknowledge(before, finished) === true
  }

  /** What is to be delivered next, if anything is. */
  take({ maxRecords, maxBytes }: SubscribeRequest['fetch']): Batch | undefined {
    if (this.isRevoked) return undefined
    if (!this.#announced) {
      this.#announced = true
      return { assignment: this.assignment, records: [] }
    }
    if (this.paused || this.isLeaving || this.#buffer.length === 0) return undefined
    return {
      assignment: this.assignment,
      records: this.#buffer.splice(0, fitting(this.#buffer, maxRecords, maxBytes)),
    }
  }
}
