import {
  type Assignment,
  type Batch,
  fitting,
  partitionName,
  type StoredRecord,
  type SubscribeRequest,
} from '../log/index.ts'

export interface OwnedOptions {
  readonly topic: string
  readonly partition: number
  readonly runNumber: number
  /** The offset of the first delivery. */
  readonly from: number
  /** Whether everything in hand is kept for this member still. */
  readonly isKept: () => boolean
  /** It has just been found that it is not. */
  readonly lapsed: () => void
}

/** Every member has every partition: there is no generation that tells one from another. */
const generation = 1

/** One partition as this member has it: what was received and the runtime has not taken. */
export class OwnedPartition {
  readonly name: string
  readonly assignment: Assignment
  readonly #leaving = new AbortController()
  readonly #revoked = new AbortController()
  readonly #buffer: StoredRecord[] = []
  #announced = false
  #lastStamp = 0
  paused = false

  constructor({ topic, partition, runNumber, from, isKept, lapsed }: OwnedOptions) {
    this.name = partitionName(topic, partition)
    this.assignment = {
      topic,
      partition,
      generation,
      runNumber,
      committed: { offset: from, state: '' },
      end: from,
      leaving: this.#leaving.signal,
      revoked: this.#revoked.signal,
      isHeld: () => {
        if (this.isRevoked) return false
        if (isKept()) return true
        lapsed()
        return false
      },
    }
  }

  get isRevoked(): boolean {
    return this.#revoked.signal.aborted
  }

  get isLeaving(): boolean {
    return this.#leaving.signal.aborted
  }

  leave(): void {
    this.#leaving.abort()
  }

  revoke(): void {
    this.#buffer.length = 0
    this.#leaving.abort()
    this.#revoked.abort()
  }

  deliver(record: StoredRecord): void {
    // SQS gives in no order: what an engine says never goes back in a partition.
    this.#lastStamp = Math.max(this.#lastStamp, record.appendedAt)
    this.#buffer.push({ ...record, appendedAt: this.#lastStamp })
  }

  /** What is to be delivered next, if anything is. */
  take({ maxRecords, maxBytes }: SubscribeRequest['fetch']): Batch | undefined {
    if (this.isRevoked) return undefined
    const { assignment } = this
    if (!this.#announced) {
      this.#announced = true
      return { assignment, records: [] }
    }
    if (this.paused || this.isLeaving || this.#buffer.length === 0) return undefined
    return { assignment, records: this.#buffer.splice(0, fitting(this.#buffer, maxRecords, maxBytes)) }
  }
}
