import type { Assignment, Batch, StoredRecord, SubscribeRequest } from '../log/index.ts'
import { partitionName } from '../log/index.ts'
import type { Committer } from './offsets.ts'

export interface OwnedOptions extends Omit<Assignment, 'leaving' | 'revoked' | 'isHeld'> {
  /** Whether the group counts on this member, by its own clock. */
  readonly isLive: () => boolean
  /** It has just been found that it does not. */
  readonly lapsed: () => void
  /** Under what the member commits now. */
  readonly committer: () => Committer
  /** Of the topic that it is of, as far as that is known: one that is deleted and created again has another. */
  readonly topicId: string | undefined
}

/** One partition while this member has it: how far it is read, and what was read ahead. */
export class OwnedPartition {
  readonly name: string
  readonly assignment: Assignment
  readonly #leaving = new AbortController()
  readonly #revoked = new AbortController()
  readonly #committer: () => Committer
  #lastCommitter: Committer | undefined
  #topicId: string | undefined
  #buffer: StoredRecord[] = []
  #bufferedBytes = 0
  /** The next offset to ask a broker for. */
  position: number
  announced = false
  paused = false
  /** Nothing more is delivered until somebody seeks. */
  halted = false
  /** It is being asked for, or rests until it is asked for again. */
  fetching = false
  /** When it was last given records, among all: who has waited longest comes first. */
  turn = 0
  /** The member let go of it: another may have it under the same epoch. */
  released = false

  constructor({ isLive, lapsed, committer, topicId, ...place }: OwnedOptions) {
    this.#topicId = topicId
    this.name = partitionName(place.topic, place.partition)
    this.position = place.committed.offset
    this.#committer = committer
    this.assignment = {
      ...place,
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

  /** Whether the topic with this id is the one that it is of; the first that is seen is. */
  isOf(topicId: string): boolean {
    this.#topicId ??= topicId
    return this.#topicId === topicId
  }

  get isRevoked(): boolean {
    return this.#revoked.signal.aborted
  }

  get isLeaving(): boolean {
    return this.#leaving.signal.aborted
  }

  /** Under what it is committed: as it was when the member lost it, so that the broker refuses what comes after. */
  get committer(): Committer {
    return this.#lastCommitter ?? this.#committer()
  }

  leave(): void {
    this.#leaving.abort()
  }

  /** @param lastCommitter as the member was before it was lost. */
  revoke(lastCommitter: Committer): void {
    if (this.isRevoked) return
    this.#lastCommitter = lastCommitter
    this.drop()
    this.#revoked.abort()
  }

  /** Whether it is read from its leader, now or once it is resumed. */
  get isRead(): boolean {
    return this.announced && !this.halted && !this.isLeaving && !this.isRevoked
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  /** Takes in what was read at its position; what was read elsewhere, before it was paused, is read again. */
  fill(from: number, records: readonly StoredRecord[], next: number): void {
    if (this.isRevoked || this.isLeaving || this.paused || from !== this.position) return
    for (const record of records) {
      this.#buffer.push(record)
      this.#bufferedBytes += bytesOf(record)
    }
    this.position = next
  }

  /** Forgets what was read ahead: it is read again. */
  drop(): void {
    const [first] = this.#buffer
    if (first !== undefined) this.position = first.offset
    this.#buffer = []
    this.#bufferedBytes = 0
  }

  /** What is to be delivered next, if anything is. */
  take({ maxRecords, maxBytes }: SubscribeRequest['fetch']): Batch | undefined {
    if (this.isRevoked) return undefined
    if (!this.announced) {
      this.announced = true
      return { assignment: this.assignment, records: [] }
    }
    if (this.paused || this.isLeaving || this.#buffer.length === 0) return undefined
    const records = this.#buffer.splice(0, fitting(this.#buffer, maxRecords, maxBytes))
    for (const record of records) this.#bufferedBytes -= bytesOf(record)
    return { assignment: this.assignment, records }
  }
}

/** How many records from the first on fit; one always does. */
export function fitting(records: readonly StoredRecord[], maxRecords: number, maxBytes: number): number {
  let bytes = 0
  let count = 0
  for (const record of records) {
    bytes += bytesOf(record)
    if (count >= maxRecords || (count > 0 && bytes > maxBytes)) break
    count += 1
  }
  return count
}

function bytesOf({ encoded }: StoredRecord): number {
  return aside + (typeof encoded === 'string' ? encoded.length : (encoded.body?.length ?? 0))
}

/** What a record takes beside its data, about. */
const aside = 256
