import type { Channel, ConsumeMessage } from 'amqplib'
import { limits, sleep } from '../kernel/index.ts'
import type { FinishedRange } from '../log/index.ts'
import { type Broker, endOf } from './broker.ts'
import { brokerError } from './broker-errors.ts'
import { stampOf } from './message-decoder.ts'

export interface PartitionQueueOptions {
  readonly broker: Broker
  readonly queue: string
  readonly prefetch: number
  /** The offset of the first delivery; those after it are dense. */
  readonly from: number
  readonly delivered: (message: ConsumeMessage, offset: number) => void
  /** The channel has ended without `close`: what was not acknowledged is delivered again. `deleted`: so is the queue. */
  readonly lost: (why: 'lost' | 'deleted') => void
}

/** The queue of one partition, consumed on a channel of its own as the single active consumer. */
export class PartitionQueue {
  readonly #unacknowledged = new Map<number, ConsumeMessage>()
  readonly #channel: Channel
  #open = true
  #closing: Promise<void> | undefined

  private constructor(channel: Channel) {
    this.#channel = channel
  }

  /** @throws `engine_unreachable`, `access_denied`. */
  static async open(options: PartitionQueueOptions): Promise<PartitionQueue> {
    const channel = await options.broker.channel()
    const queue = new PartitionQueue(channel)
    const waited = new AbortController()
    try {
      const overdue = sleep(options.broker.clock, limits.rabbitmqConsumeMs, waited.signal)
      const consuming = queue.#consume(options).then(() => true)
      consuming.catch(() => undefined)
      // Of a queue that is being deleted it may answer never.
      if ((await Promise.race([consuming, overdue])) === undefined) throw new Error('There is no answer.')
      return queue
    } catch (error) {
      void queue.close()
      throw brokerError(error, `Consuming ${options.queue}`)
    } finally {
      waited.abort()
    }
  }

  /** Delivered and not acknowledged. */
  get inFlight(): number {
    return this.#unacknowledged.size
  }

  /** When the first of those was published, in ms since the Unix epoch. */
  get oldestAt(): number | undefined {
    for (const message of this.#unacknowledged.values()) return stampOf(message)
    return undefined
  }

  /**
   * Acknowledges everything before an offset, and what is finished above it. False when the channel is gone: whatever was
   * not acknowledged is delivered again.
   */
  acknowledge(before: number, finished: readonly FinishedRange[]): boolean {
    if (!this.#open) return false
    let last: ConsumeMessage | undefined
    for (const [offset, message] of this.#unacknowledged) {
      if (offset >= before) break
      last = message
      this.#unacknowledged.delete(offset)
    }
    if (last !== undefined) this.#channel.ack(last, true)
    if (finished.length > 0) this.#acknowledgeEach(finished)
    return true
  }

  /** Ends the channel; what was not acknowledged by then is delivered again, to whoever consumes next. */
  close(): Promise<void> {
    this.#open = false
    this.#closing ??= endOf(this.#channel)
    return this.#closing
  }

  #acknowledgeEach(finished: readonly FinishedRange[]): void {
    for (const [offset, message] of this.#unacknowledged) {
      if (!finished.some(([from, to]) => from <= offset && offset < to)) continue
      this.#channel.ack(message)
      this.#unacknowledged.delete(offset)
    }
  }

  async #consume({ broker, queue, prefetch, from, delivered, lost }: PartitionQueueOptions): Promise<void> {
    let next = from
    const end = (why: 'lost' | 'deleted'): void => {
      if (!this.#open) return
      void this.close()
      lost(why)
    }
    // The channels of a connection end before it does.
    this.#channel.on('close', () => broker.clock.defer(() => end('lost')))
    await this.#channel.prefetch(prefetch)
    await this.#channel.consume(queue, (message) => {
      if (message === null) return end('deleted')
      if (!this.#open) return
      const offset = next++
      this.#unacknowledged.set(offset, message)
      delivered(message, offset)
    })
  }
}
