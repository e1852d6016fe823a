import type { FinishedRange } from '../log/index.ts'
import type { DecodedMessage } from './message-decoder.ts'

/** A message that SQS keeps for this member. */
export interface HeldMessage extends Pick<DecodedMessage, 'partition' | 'letterOffset'> {
  readonly handle: string
  readonly offset: number
  /** Others had it before and did not finish it. */
  readonly suspect: boolean
  /** Whether it is a dead letter that was delivered again, and is none once more. */
  redriven: boolean
  /** When SQS gives it to somebody else, by the monotonic clock. */
  untilMs: number
}

/** What a member has in hand of one topic. */
export class HeldMessages {
  readonly #partitions = new Map<number, Map<number, HeldMessage>>()
  #size = 0
  #suspects = 0
  /** No message's time is over before; it may be too early. */
  #safeUntilMs = Number.POSITIVE_INFINITY

  get size(): number {
    return this.#size
  }

  get suspects(): number {
    return this.#suspects
  }

  add(message: HeldMessage): void {
    const partition = this.#partitions.get(message.partition) ?? new Map<number, HeldMessage>()
    this.#partitions.set(message.partition, partition.set(message.offset, message))
    this.#size += 1
    if (message.suspect) this.#suspects += 1
    this.#safeUntilMs = Math.min(this.#safeUntilMs, message.untilMs)
  }

  at(partition: number, offset: number): HeldMessage | undefined {
    return this.#partitions.get(partition)?.get(offset)
  }

  of(partition: number): readonly HeldMessage[] {
    return [...(this.#partitions.get(partition)?.values() ?? [])]
  }

  all(): readonly HeldMessage[] {
    return [...this.#partitions.values()].flatMap((messages) => [...messages.values()])
  }

  /** What is finished: before an offset, or in ranges above it. */
  finished(partition: number, before: number, ranges: readonly FinishedRange[]): readonly HeldMessage[] {
    const isFinished = ({ offset }: HeldMessage): boolean =>
      offset < before || ranges.some(([from, to]) => from <= offset && offset < to)
    return this.of(partition).filter(isFinished)
  }

  remove(messages: Iterable<HeldMessage>): void {
    for (const { partition, offset, suspect } of messages) {
      if (this.#partitions.get(partition)?.delete(offset) !== true) continue
      this.#size -= 1
      if (suspect) this.#suspects -= 1
    }
  }

  /** Partitions of which somebody else may have a message now. */
  expired(nowMs: number): ReadonlySet<number> {
    if (nowMs < this.#safeUntilMs) return none
    const all = this.all()
    this.#safeUntilMs = all.reduce((least, { untilMs }) => Math.min(least, untilMs), Number.POSITIVE_INFINITY)
    return new Set(all.filter(({ untilMs }) => untilMs <= nowMs).map(({ partition }) => partition))
  }
}

const none: ReadonlySet<number> = new Set()
