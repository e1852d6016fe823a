import { connect, type Channel, type ChannelModel, type ConfirmChannel, type SocketOptions } from 'amqplib'
import {
  type Clock,
  exponential,
  isTidingsError,
  limits,
  Listeners,
  type Random,
  sleep,
  systemRandom,
} from '../kernel/index.ts'
import { brokerError, closedError } from './broker-errors.ts'
import type { RabbitmqAddress } from './rabbitmq-url.ts'

export interface BrokerOptions {
  readonly address: RabbitmqAddress
  readonly clock: Clock
  readonly random?: Random | undefined
  /** How this program is called in the broker's lists. */
  readonly clientName: string
  readonly tls: Readonly<Record<string, unknown>>
}

const backoff = exponential(limits.rabbitmqFirstBackoffMs, limits.rabbitmqLongestBackoffMs)

/** The connection to a broker: one at a time, made again when it is lost. Channels end with it. */
export class Broker {
  readonly clock: Clock
  /** The connection is there again. */
  readonly connected: Listeners = new Listeners()
  readonly #options: BrokerOptions
  readonly #random: Random
  readonly #closing = new AbortController()
  #connection: ChannelModel | undefined
  #connecting: Promise<void> | undefined
  #refusal: Error | undefined

  constructor(options: BrokerOptions) {
    this.#options = options
    this.#random = options.random ?? systemRandom
    this.clock = options.clock
  }

  get closed(): boolean {
    return this.#closing.signal.aborted
  }

  /** A channel for acknowledgements and questions. @throws `engine_unreachable`, `access_denied`, `engine_closed`. */
  async channel(): Promise<Channel> {
    return this.#opened((connection) => connection.createChannel())
  }

  /** A channel whose publishes are confirmed. @throws as `channel`. */
  async confirmChannel(): Promise<ConfirmChannel> {
    return this.#opened((connection) => connection.createConfirmChannel())
  }

  /** Asks on a channel of its own, which an error would close. @throws what the broker says. */
  async ask<Answer>(doing: string, question: (channel: Channel) => Promise<Answer>): Promise<Answer> {
    const channel = await this.channel()
    try {
      return await question(channel)
    } catch (error) {
      throw brokerError(error, doing)
    } finally {
      void endOf(channel)
    }
  }

  /** Of the server, as it says when it is connected to. @throws as `channel`. */
  async version(): Promise<string> {
    return (await this.#current()).connection.serverProperties.version
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.#closing.abort()
    this.connected.clear()
    await this.#connecting?.catch(() => undefined)
    if (this.#connection !== undefined) await endOf(this.#connection)
  }

  /** A connection that is lost meanwhile may answer never. */
  async #opened<Kind extends Channel>(open: (connection: ChannelModel) => Promise<Kind>): Promise<Kind> {
    const connection = await this.#current()
    const { promise: lost, reject } = Promise.withResolvers<never>()
    const fail = (): void => reject(new Error('The connection is lost.'))
    connection.once('close', fail)
    try {
      const channel = await Promise.race([open(connection), lost])
      // Its end may have come in the same packet, and told nobody: there was nobody yet.
      if (this.#connection !== connection) throw new Error('The connection is lost.')
      // Its errors come with its end, too, and to whoever asked.
      channel.on('error', () => undefined)
      return channel
    } catch (error) {
      throw brokerError(error, 'Opening a channel')
    } finally {
      connection.off('close', fail)
    }
  }

  /** The connection, waited for while it is made again. */
  async #current(): Promise<ChannelModel> {
    const endMs = this.clock.monotonic() + limits.rabbitmqPatienceMs
    while (this.#connection === undefined) {
      if (this.closed) throw closedError()
      const waited = new AbortController()
      const restMs = endMs - this.clock.monotonic()
      const ended = AbortSignal.any([waited.signal, this.#closing.signal])
      await Promise.race([this.#connect(), sleep(this.clock, restMs, ended)])
      waited.abort()
      if (this.#connection === undefined && this.#refusal !== undefined) throw this.#refusal
      if (this.#connection === undefined && this.clock.monotonic() >= endMs)
        throw brokerError(new Error('There is no connection.'), `Reaching ${this.#options.address.shown}`)
    }
    if (this.closed) throw closedError()
    return this.#connection
  }

  /** Fulfils when there is a connection, or it is refused. */
  #connect(): Promise<void> {
    this.#connecting ??= this.#persist().finally(() => (this.#connecting = undefined))
    return this.#connecting
  }

  async #persist(): Promise<void> {
    for (let attempt = 1; !this.closed; attempt++) {
      try {
        this.#keep(await this.#open())
        return
      } catch (thrown) {
        const error = brokerError(thrown, `Connecting to ${this.#options.address.shown}`)
        this.#refusal = isTidingsError(error, 'access_denied') ? error : undefined
        if (this.#refusal !== undefined) return
        await sleep(this.clock, backoff(attempt, this.#random), this.#closing.signal)
      }
    }
  }

  #open(): Promise<ChannelModel> {
    const { address, clientName, tls } = this.#options
    const options: SocketOptions = {
      ...tls,
      // Otherwise small writes wait for the acknowledgement of those before them.
      noDelay: true,
      timeout: limits.rabbitmqConnectMs,
      clientProperties: { connection_name: clientName },
    }
    return connect(withHeartbeat(address.url), options)
  }

  #keep(connection: ChannelModel): void {
    // One for each channel that is being opened.
    connection.setMaxListeners(0)
    // Its channels end between the two.
    connection.on('error', () => this.#lose(connection))
    connection.on('close', () => this.#lose(connection))
    if (this.closed) {
      void endOf(connection)
      return
    }
    this.#refusal = undefined
    this.#connection = connection
    this.connected.tell()
  }

  #lose(connection: ChannelModel): void {
    if (this.#connection !== connection) return
    this.#connection = undefined
    if (!this.closed) void this.#connect()
  }
}

/**
 * Ends a channel or connection, and fulfils when it has ended. The client's own promise does not when the connection is lost
 * before the broker has answered.
 */
export async function endOf(ending: Pick<Channel | ChannelModel, 'once' | 'close'>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  ending.once('close', () => resolve())
  // It rejects for what had ended before.
  ending.close().catch(() => resolve())
  await promise
}

function withHeartbeat(url: string): string {
  return `${url}?heartbeat=${limits.rabbitmqHeartbeatSeconds}`
}
