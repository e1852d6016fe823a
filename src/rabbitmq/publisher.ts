import { type ConfirmChannel, IllegalOperationError, type Message, type Options } from 'amqplib'
import { limits, sleep, TidingsError, type Timer, toError } from '../kernel/index.ts'
import { type Broker, endOf } from './broker.ts'
import { closedError } from './broker-errors.ts'

/** A message on its way to an exchange. */
export interface OutgoingMessage {
  readonly topic: string
  readonly exchange: string
  readonly routingKey: string
  readonly content: Buffer
  readonly options: Options.Publish
}

/** What has become of a message: `unroutable` where no queue has got it. */
export type Outcome = 'confirmed' | 'unroutable' | Error

interface Pending {
  readonly message: OutgoingMessage
  readonly bytes: number
  readonly untilMs: number
  returned: boolean
  readonly settle: (outcome: Outcome) => void
}

/**
 * Publishes with confirms, in the order of the calls. What was not confirmed when a channel ends is published again on the
 * next, in that order: perhaps twice, never in another order than the first time. Bounded in count, bytes and time.
 */
export class Publisher {
  readonly #broker: Broker
  readonly #deliveryMs: number
  /** Makes anew what an exchange needs that somebody has deleted. */
  readonly #repair: (topics: ReadonlySet<string>) => Promise<void>
  readonly #pending = new Set<Pending>()
  #bytes = 0
  #channel: ConfirmChannel | undefined
  #opening = false
  #timer: Timer | undefined
  #closed = false

  constructor(broker: Broker, deliveryMs: number, repair: (topics: ReadonlySet<string>) => Promise<void>) {
    this.#broker = broker
    this.#deliveryMs = deliveryMs
    this.#repair = repair
  }

  /** Fulfils with what has become of each. @throws `publish_overloaded`, `engine_closed`. */
  send(messages: readonly OutgoingMessage[]): Promise<readonly Outcome[]> {
    if (this.#closed) throw closedError()
    const bytes = messages.reduce((sum, { content }) => sum + content.length, 0)
    this.#checkRoom(messages.length, bytes)
    return Promise.all(messages.map((message) => this.#add(message)))
  }

  /** What is not confirmed soon fails. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    const channel = this.#channel
    const confirmed = channel?.waitForConfirms().catch(() => undefined)
    const waited = new AbortController()
    await Promise.race([confirmed, sleep(this.#broker.clock, limits.rabbitmqPatienceMs, waited.signal)])
    waited.abort()
    for (const pending of this.#pending) this.#settle(pending, closedError())
    if (channel !== undefined) await endOf(channel)
  }

  #checkRoom(records: number, bytes: number): void {
    const { publishPendingRecords, publishPendingBytes } = limits
    if (this.#pending.size === 0) return
    if (this.#pending.size + records <= publishPendingRecords && this.#bytes + bytes <= publishPendingBytes)
      return
    throw new TidingsError(
      'publish_overloaded',
      `${this.#pending.size} events wait for RabbitMQ's confirm already. Publish more slowly: await what publish returns.`,
    )
  }

  #add(message: OutgoingMessage): Promise<Outcome> {
    return new Promise((settle) => {
      const untilMs = this.#broker.clock.monotonic() + this.#deliveryMs
      const pending = { message, bytes: message.content.length, untilMs, returned: false, settle }
      this.#pending.add(pending)
      this.#bytes += pending.bytes
      if (this.#channel === undefined) this.#open()
      else this.#publish(this.#channel, pending)
      this.#arm()
    })
  }

  #publish(channel: ConfirmChannel, pending: Pending): void {
    const { exchange, routingKey, content, options } = pending.message
    pending.returned = false
    const confirmed = (error: unknown): void => {
      // Those of a channel that has ended are published again.
      if (this.#channel !== channel || (error && !isRefusal(error))) return
      if (error) this.#settle(pending, toError(error))
      else this.#settle(pending, pending.returned ? 'unroutable' : 'confirmed')
    }
    try {
      channel.publish(exchange, routingKey, content, options, confirmed)
    } catch (error) {
      if (!(error instanceof IllegalOperationError)) this.#settle(pending, toError(error))
    }
  }

  #settle(pending: Pending, outcome: Outcome): void {
    if (!this.#pending.delete(pending)) return
    this.#bytes -= pending.bytes
    pending.settle(outcome)
  }

  #open(): void {
    if (this.#opening) return
    this.#opening = true
    this.#openChannel()
      .catch(() => this.#openLater())
      .finally(() => (this.#opening = false))
  }

  async #openChannel(): Promise<void> {
    const channel = await this.#broker.confirmChannel()
    channel.on('return', (message: Message) => this.#returned(message))
    channel.on('error', () => void this.#mend())
    channel.on('close', () => this.#lost(channel))
    this.#channel = channel
    for (const pending of this.#pending) this.#publish(channel, pending)
  }

  #openLater(): void {
    if (this.#closed || this.#pending.size === 0) return
    const again = (): void => this.#open()
    this.#broker.clock.schedule(limits.rabbitmqFirstBackoffMs, again, { background: true })
  }

  /** The broker has closed the channel: perhaps an exchange is not there any more. */
  async #mend(): Promise<void> {
    const topics = new Set([...this.#pending].map(({ message }) => message.topic))
    await this.#repair(topics).catch(() => undefined)
  }

  #lost(channel: ConfirmChannel): void {
    if (this.#channel !== channel) return
    this.#channel = undefined
    if (!this.#closed && this.#pending.size > 0) this.#openLater()
  }

  /** It comes before the confirm of the message. */
  #returned({ fields, properties }: Message): void {
    for (const pending of this.#pending) {
      const { exchange, routingKey, options } = pending.message
      if (pending.returned || exchange !== fields.exchange || routingKey !== fields.routingKey) continue
      if (options.messageId !== properties.messageId) continue
      pending.returned = true
      return
    }
  }

  /** Gives up what has waited for too long. */
  #arm(): void {
    const [oldest] = this.#pending
    if (this.#timer !== undefined || oldest === undefined) return
    const { clock } = this.#broker
    const restMs = oldest.untilMs - clock.monotonic()
    const look = (): void => {
      this.#timer = undefined
      const nowMs = clock.monotonic()
      for (const pending of this.#pending) {
        if (pending.untilMs > nowMs) break
        this.#settle(pending, notConfirmed(this.#deliveryMs))
      }
      this.#arm()
    }
    this.#timer = clock.schedule(Math.max(0, restMs), look, { background: true })
  }
}

/** Whether the broker has said no, and not the channel ended: the client tells the two apart by their words alone. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.message === 'message nacked'
}

function notConfirmed(deliveryMs: number): TidingsError {
  return new TidingsError(
    'engine_unreachable',
    `RabbitMQ has not confirmed within ${deliveryMs} ms. Is it up, and does it take messages (memory, disk)?`,
  )
}
