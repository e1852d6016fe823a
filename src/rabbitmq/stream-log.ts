import { randomUUID } from 'node:crypto'
import type { Channel, ConfirmChannel, ConsumeMessage } from 'amqplib'
import { isTidingsError, limits, sleep, toError } from '../kernel/index.ts'
import { type Broker, endOf } from './broker.ts'
import { brokerError, closedError, isNotFound } from './broker-errors.ts'

export interface StreamLogOptions {
  readonly broker: Broker
  readonly queue: string
  /** Whether the queue is declared to be read, too, and not only when something is to be written: without it there is nothing to read. */
  readonly create: boolean
  /** Over it the oldest segments are dropped. */
  readonly maxBytes: number
  /**
   * An entry, in the order of the stream, each once; without content what `refresh` has written.
   * @param own whether this log has written it.
   */
  readonly read: (content: Buffer | undefined, offset: number, own: boolean) => void
  /** Reading goes on after the way to the broker was lost; what comes next may be old. */
  readonly resumed?: (() => void) | undefined
}

/** Tells one's own entries from others', and marks, which are no entries. */
const idHeader = 'tidings-id'
const offsetHeader = 'x-stream-offset'

/** A stream queue that this process follows from its beginning, and appends to. All processes read the same order. */
export class StreamLog {
  readonly #options: StreamLogOptions
  readonly #waiting = new Map<string, { readonly done: () => void; readonly fail: (error: Error) => void }>()
  #next = -1
  #reader: Promise<Channel> | undefined
  #writer: Promise<ConfirmChannel> | undefined
  #marking: Promise<void> | undefined
  #markedMs = Number.NEGATIVE_INFINITY
  #create: boolean
  #closed = false

  constructor(options: StreamLogOptions) {
    this.#options = options
    this.#create = options.create
  }

  /** Fulfils when the entry is durable and this process has read it, and all before it. */
  append(content: Buffer): Promise<void> {
    this.#create = true
    return this.#append(content, 'read')
  }

  /** Fulfils when the entry is durable, perhaps before this process has read it. */
  record(content: Buffer): Promise<void> {
    this.#create = true
    return this.#append(content, 'durable')
  }

  /** Fulfils when everything is read that was appended before the call, or up to `staleMs` before it. */
  async refresh(staleMs = 0): Promise<void> {
    const { clock } = this.#options.broker
    if (clock.monotonic() - this.#markedMs < staleMs) return
    // A mark that is under way may be older than the call; the one after it is not.
    if (this.#marking !== undefined) await this.#marking.catch(() => undefined)
    this.#marking ??= this.#mark().finally(() => (this.#marking = undefined))
    await this.#marking
  }

  /** The content of one entry. @throws `engine_unreachable` */
  async entryAt(offset: number): Promise<Buffer | undefined> {
    const { broker, queue } = this.#options
    const channel = await broker.channel()
    try {
      await channel.prefetch(1)
      return await new Promise((resolve, reject) => {
        channel.on('close', () => reject(brokerError(new Error('The channel is lost.'), `Reading ${queue}`)))
        const found = (message: ConsumeMessage | null): void =>
          resolve(message !== null && offsetOf(message) === offset ? message.content : undefined)
        channel.consume(queue, found, { arguments: { [offsetHeader]: offset } }).catch(reject)
      })
    } catch (error) {
      throw brokerError(error, `Reading ${queue}`)
    } finally {
      void endOf(channel)
    }
  }

  /** Nothing is read or written any more; the channels end with the connection. */
  close(): void {
    this.#closed = true
    this.#failWaiting(closedError())
  }

  async #mark(): Promise<void> {
    const { clock } = this.#options.broker
    const fromMs = clock.monotonic()
    if (this.#create || this.#reader !== undefined || (await this.#isThere()))
      await this.#append(undefined, 'read')
    this.#markedMs = fromMs
  }

  async #isThere(): Promise<boolean> {
    const { broker, queue } = this.#options
    try {
      await broker.ask(`Looking for ${queue}`, (channel) => channel.checkQueue(queue))
      return true
    } catch (error) {
      if (isTidingsError(error) && isNotFound(error.cause)) return false
      throw error
    }
  }

  async #append(content: Buffer | undefined, until: 'durable' | 'read'): Promise<void> {
    if (this.#closed) throw closedError()
    await this.#reading()
    const writer = await this.#writing()
    const id = randomUUID()
    const headers = { [idHeader]: id, ...(content === undefined && { mark: true }) }
    const seen = new Promise<void>((done, fail) => this.#waiting.set(id, { done, fail }))
    seen.catch(() => undefined)
    const waited = new AbortController()
    try {
      const sent = new Promise<void>((resolve, reject) => {
        writer.sendToQueue(
          this.#options.queue,
          content ?? Buffer.alloc(0),
          { headers, persistent: true },
          (error) => (error ? reject(toError(error)) : resolve()),
        )
      })
      const both = Promise.all(until === 'read' ? [sent, seen] : [sent])
      both.catch(() => undefined)
      const overdue = sleep(this.#options.broker.clock, limits.rabbitmqPatienceMs, waited.signal)
      if ((await Promise.race([both, overdue])) === undefined) throw this.#giveUpReading()
    } catch (error) {
      throw brokerError(error, `Writing to ${this.#options.queue}`)
    } finally {
      waited.abort()
      this.#waiting.delete(id)
    }
  }

  /** What was written does not come: a consumer can be there and get nothing. Another one is made. */
  #giveUpReading(): Error {
    this.#reader?.then(endOf, () => undefined)
    return new Error(`What was written has not come within ${limits.rabbitmqPatienceMs} ms.`)
  }

  #writing(): Promise<ConfirmChannel> {
    this.#writer ??= this.#openWriter().catch((error: unknown) => {
      this.#writer = undefined
      throw error
    })
    return this.#writer
  }

  async #openWriter(): Promise<ConfirmChannel> {
    const channel = await this.#options.broker.confirmChannel()
    channel.on('close', () => (this.#writer = undefined))
    return channel
  }

  /** Reads from where it was; after a lost connection it goes on by itself with the next use, or now. */
  #reading(): Promise<Channel> {
    this.#reader ??= this.#openReader().catch((error: unknown) => {
      this.#reader = undefined
      throw error
    })
    return this.#reader
  }

  async #openReader(): Promise<Channel> {
    const { broker, queue, maxBytes } = this.#options
    const channel = await broker.channel()
    try {
      // One that is there may have other bounds, by who runs the broker.
      if (!(await this.#isThere())) await declareStream(channel, queue, maxBytes)
      await channel.prefetch(limits.rabbitmqStreamPrefetch)
      const from = this.#next < 0 ? 'first' : this.#next
      if (this.#next >= 0) this.#options.resumed?.()
      // The channels of a connection end before it does.
      channel.on('close', () => broker.clock.defer(() => this.#lost()))
      await channel.consume(queue, (message) => this.#take(channel, message), {
        arguments: { [offsetHeader]: from },
      })
      return channel
    } catch (error) {
      void endOf(channel)
      throw brokerError(error, `Reading ${queue}`)
    }
  }

  #lost(): void {
    this.#reader = undefined
    this.#failWaiting(new Error('The channel is lost.'))
    if (this.#closed || this.#options.broker.closed) return
    this.#reading().catch(() => this.#readLater())
  }

  #readLater(): void {
    const { clock } = this.#options.broker
    clock.schedule(limits.rabbitmqLongestBackoffMs, () => this.#lost(), { background: true })
  }

  #failWaiting(error: Error): void {
    for (const { fail } of this.#waiting.values()) fail(error)
    this.#waiting.clear()
  }

  #take(channel: Channel, message: ConsumeMessage | null): void {
    if (message === null) {
      void endOf(channel)
      return
    }
    channel.ack(message)
    const offset = offsetOf(message)
    // A stream is read by chunks: what lies before the place in its chunk may come, too.
    if (offset < this.#next) return
    this.#next = offset + 1
    const headers = message.properties.headers ?? {}
    const waiting = this.#waiting.get(String(headers[idHeader]))
    this.#read(headers['mark'] === true ? undefined : message.content, offset, waiting !== undefined)
    waiting?.done()
  }

  #read(content: Buffer | undefined, offset: number, own: boolean): void {
    try {
      this.#options.read(content, offset, own)
    } catch (error) {
      process.emitWarning(toError(error))
    }
  }
}

async function declareStream(channel: Channel, queue: string, maxBytes: number): Promise<void> {
  // At least two segments: the one that is written is never dropped.
  const segmentBytes = Math.min(limits.rabbitmqSegmentBytes, Math.floor(maxBytes / 2))
  await channel.assertQueue(queue, {
    durable: true,
    arguments: {
      'x-queue-type': 'stream',
      'x-max-length-bytes': maxBytes,
      'x-stream-max-segment-size-bytes': segmentBytes,
    },
  })
}

function offsetOf({ properties }: ConsumeMessage): number {
  return Number(properties.headers?.[offsetHeader])
}
