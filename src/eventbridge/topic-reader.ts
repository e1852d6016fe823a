import { limits, sleep, type Timer, toError } from '../kernel/index.ts'
import type { FinishedRange, StoredRecord } from '../log/index.ts'
import type { Aws } from './aws.ts'
import { isAbsent, isPassing } from './aws-errors.ts'
import { type HeldMessage, HeldMessages } from './held-messages.ts'
import { decodeMessage } from './message-decoder.ts'
import { MessageQueue, type ReceivedMessage } from './message-queue.ts'

export interface TopicReaderOptions {
  readonly aws: Aws
  readonly topic: string
  readonly partitions: number
  readonly url: string
  readonly prefetch: number
  readonly waitMs: number
  readonly visibilityMs: number
  readonly delivered: (record: StoredRecord) => void
  /** Somebody else may have a message of this partition now. */
  readonly lapsed: (partition: number) => void
  /** Somebody has deleted the queue. */
  readonly deleted: () => void
  /** Nothing can be received any more. */
  readonly failed: (error: Error) => void
}

/**
 * Receives the events of one topic for a member, prolongs what it has in hand, and deletes what is finished. After a process
 * has died, what it had comes one event at a time, since one of them may be the reason.
 */
export class TopicReader {
  readonly topic: string
  readonly #options: TopicReaderOptions
  readonly #queue: MessageQueue
  readonly #held = new HeldMessages()
  /** By partition, the offset of the next delivery. */
  readonly #next = new Map<number, number>()
  readonly #closing = new AbortController()
  #stop: AbortController | undefined
  #receiving = 0
  /** Asked for and not there yet. */
  #reserved = 0
  /** How many are asked for at once: more each time that they come in full. */
  #batch = 1
  #flowing = false
  #failures = 0
  #prolonging: Timer | undefined

  constructor(options: TopicReaderOptions) {
    this.topic = options.topic
    this.#options = options
    this.#queue = new MessageQueue(options.aws, options.url)
    this.#prolongLater()
  }

  get url(): string {
    return this.#queue.url
  }

  /** The offset that the next delivery of a partition gets. */
  nextOffset(partition: number): number {
    const next = this.#next.get(partition) ?? Math.floor(this.#options.aws.clock.now()) * offsetsPerMs
    this.#next.set(partition, next)
    return next
  }

  /** Receives from now on, until `stop`. */
  start(): void {
    if (this.#stop !== undefined || this.#closing.signal.aborted) return
    this.#stop = new AbortController()
    this.#receiveMore()
  }

  stop(): void {
    this.#stop?.abort()
    this.#stop = undefined
  }

  at(partition: number, offset: number): HeldMessage | undefined {
    return this.#held.at(partition, offset)
  }

  /** Whether everything in hand of a partition is kept for this member still. */
  isHeld(partition: number): boolean {
    return !this.#held.expired(this.#options.aws.clock.monotonic()).has(partition)
  }

  finished(partition: number, before: number, ranges: readonly FinishedRange[]): readonly HeldMessage[] {
    return this.#held.finished(partition, before, ranges)
  }

  /** Fulfils when SQS has forgotten them. @throws `engine_unreachable`; they are in hand still then. */
  async remove(messages: readonly HeldMessage[]): Promise<void> {
    if (messages.length === 0) return
    await this.#queue.remove(messages.map(({ handle }) => handle))
    this.#held.remove(messages)
    this.#receiveMore()
  }

  /** Gives what is in hand of a partition to whoever asks next. */
  async giveBack(partition: number): Promise<void> {
    const messages = this.#held.of(partition)
    this.#held.remove(messages)
    const nowMs = this.#options.aws.clock.monotonic()
    // What somebody else may have is no more ours to give.
    const handles = messages.filter(({ untilMs }) => untilMs > nowMs).map(({ handle }) => handle)
    // Where that cannot be said they come when their time is over.
    await this.#queue.keep(handles, 0).catch(() => undefined)
    this.#receiveMore()
  }

  close(): void {
    this.stop()
    this.#closing.abort()
    this.#prolonging?.cancel()
  }

  /** One request waits while there is nothing; there are more while it comes in full. */
  #receiveMore(): void {
    const stop = this.#stop
    if (stop === undefined || this.#room() === 0) return
    if (this.#receiving >= (this.#flowing ? limits.sqsReceives : 1)) return
    this.#receiving += 1
    const most = this.#room()
    this.#reserved += most
    this.#receive(most, stop.signal)
      .catch((error: unknown) => this.#options.failed(toError(error)))
      .finally(() => {
        this.#receiving -= 1
        this.#reserved -= most
        this.#receiveMore()
      })
  }

  #room(): number {
    const { suspects, size } = this.#held
    if (suspects > 0) return this.#reserved === 0 && suspects < limits.sqsSuspects ? 1 : 0
    return Math.max(0, Math.min(this.#batch, this.#options.prefetch - size - this.#reserved))
  }

  async #receive(most: number, signal: AbortSignal): Promise<void> {
    const { aws, waitMs, visibilityMs } = this.#options
    const askedMs = aws.clock.monotonic()
    let messages: readonly ReceivedMessage[] = []
    try {
      messages = await this.#queue.receive({ most, waitMs, visibilityMs, signal })
      this.#failures = 0
    } catch (error) {
      if (signal.aborted || aws.closed) return
      await this.#recover(error, signal)
      return
    }
    for (const message of messages) this.#take(message, askedMs + visibilityMs)
    const suspicious = messages.some(({ receives }) => receives > 1)
    this.#flowing = !suspicious && messages.length === limits.sqsRequestEntries
    if (suspicious) this.#batch = 1
    else if (messages.length === most) this.#batch = Math.min(limits.sqsRequestEntries, this.#batch * 2)
    // While it comes in full, others ask at the same time.
    if (this.#flowing) this.#receiveMore()
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { aws, deleted } = this.#options
    if (isAbsent(error)) {
      this.stop()
      deleted()
      return
    }
    // What AWS refuses now it may take later: whose credentials have expired gets others.
    this.#failures += 1
    if (!isPassing(error) && this.#failures >= refusalsBeforeWarning) {
      if (this.#failures === refusalsBeforeWarning) process.emitWarning(toError(error))
    }
    await sleep(aws.clock, aws.waitMs(this.#failures), signal)
  }

  #take(message: ReceivedMessage, untilMs: number): void {
    const { topic, partitions, delivered } = this.#options
    const { partition, encoded, letterOffset, redriven } = decodeMessage(message, topic, partitions)
    const { handle, sentAt, receives } = message
    const offset = this.nextOffset(partition)
    this.#next.set(partition, offset + 1)
    const suspect = receives > 1
    this.#held.add({ handle, partition, offset, letterOffset, redriven, suspect, untilMs })
    // The first time it was in hand among many; after that, almost alone.
    const inHandBefore = suspect ? receives - 2 : undefined
    delivered({ topic, partition, offset, appendedAt: sentAt, encoded, inHandBefore })
  }

  #prolongLater(): void {
    const { aws, visibilityMs } = this.#options
    if (this.#closing.signal.aborted) return
    const prolong = (): void => void this.#prolong().finally(() => this.#prolongLater())
    this.#prolonging = aws.clock.schedule(visibilityMs / 6, prolong, { background: true })
  }

  /** What has been in hand for a while is kept from others for as long again. */
  async #prolong(): Promise<void> {
    const { aws, visibilityMs, lapsed } = this.#options
    const askedMs = aws.clock.monotonic()
    for (const partition of this.#held.expired(askedMs)) lapsed(partition)
    const due = this.#held.all().filter(({ untilMs }) => untilMs < askedMs + (visibilityMs * 2) / 3)
    try {
      const lost = await this.#queue.keep(
        due.map(({ handle }) => handle),
        visibilityMs,
      )
      for (const message of due) if (!lost.has(message.handle)) message.untilMs = askedMs + visibilityMs
      for (const { handle, partition, offset } of due)
        if (lost.has(handle) && this.#held.at(partition, offset) !== undefined) lapsed(partition)
    } catch {
      // It is tried again before their time is over; what cannot be prolonged is somebody else's then.
    }
  }
}

/**
 * SQS has no offsets. Those here begin at the clock, so that they are above all that this process gave before; they tell the
 * deliveries of one member from each other, and nothing else.
 */
const offsetsPerMs = 1_024
const refusalsBeforeWarning = 5
