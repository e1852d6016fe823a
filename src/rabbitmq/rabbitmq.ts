import type { Engine } from '../bus/index.ts'
import type { DeadLetterStore } from '../dead-letter/index.ts'
import type { AmqpOptions } from '../event/index.ts'
import { checkOptionNames, type Clock, limits, shown, systemClock, TidingsError } from '../kernel/index.ts'
import type { Probe, TransportAdmin } from '../log/index.ts'
import { RabbitmqAdmin } from './admin.ts'
import { backlogOf } from './backlog.ts'
import { Broker } from './broker.ts'
import type { RabbitmqCapabilities } from './capabilities.ts'
import { RabbitmqDeadLetterStore } from './dead-letter-store.ts'
import type { ForeignMessages } from './message-decoder.ts'
import { Publisher } from './publisher.ts'
import { readRabbitmqUrl } from './rabbitmq-url.ts'
import { TopologyStore } from './topology.ts'
import { RabbitmqTransport } from './transport.ts'

export interface RabbitmqOptions {
  readonly clock?: Clock | undefined
  /** False for looking: the queues that Tidings keeps topics, groups and dead letters in are declared only when something is written. Default true. */
  readonly create?: boolean | undefined
  /** How this program is called in RabbitMQ's list of connections. Default `tidings`. */
  readonly clientName?: string | undefined
  /** Options of `tls.connect`, for `amqps:`. Default: trusts what Node trusts. */
  readonly tls?: Readonly<Record<string, unknown>> | undefined
  /** How events are written: attributes as headers and data as the content (`binary`, the default), or all in one JSON content. Both are read. */
  readonly mode?: AmqpOptions['mode'] | undefined
  /** By topic, what messages are that others publish there and that are no CloudEvents. */
  readonly messages?: Readonly<Record<string, ForeignMessages>> | undefined
  /** How long a publish waits for RabbitMQ's confirm, in ms; meanwhile it is published again when a connection is lost. Default 30 s. */
  readonly deliveryMs?: number | undefined
  /** Events of one partition that are delivered ahead of their acknowledgement. Default 512. */
  readonly prefetch?: number | undefined
  /** RabbitMQ's `consumer_timeout` in ms: a group whose attempts and waits may take longer is refused. Default 30 min, as RabbitMQ has it. */
  readonly consumerTimeoutMs?: number | undefined
}

const optionNames = {
  clock: true,
  create: true,
  clientName: true,
  tls: true,
  mode: true,
  messages: true,
  deliveryMs: true,
  prefetch: true,
  consumerTimeoutMs: true,
} as const satisfies Record<keyof RabbitmqOptions, true>

/** The RabbitMQ engine: topics are exchanges, groups have a quorum queue for each partition. */
export class RabbitmqEngine extends RabbitmqTransport implements Engine<RabbitmqCapabilities> {
  readonly admin: TransportAdmin
  readonly deadLetters: DeadLetterStore
  readonly #broker: Broker
  readonly #close: () => Promise<void>
  #closed: Promise<void> | undefined

  constructor(broker: Broker, topology: TopologyStore, options: RabbitmqOptions) {
    const { mode = 'binary', messages = {}, prefetch = limits.rabbitmqPrefetch } = options
    const { consumerTimeoutMs = limits.rabbitmqConsumerTimeoutMs } = options
    const publisher = new Publisher(broker, options.deliveryMs ?? limits.rabbitmqDeliveryMs, (topics) =>
      topology.restore(topics),
    )
    const admin = new RabbitmqAdmin({
      topology,
      clock: broker.clock,
      backlog: (group) =>
        backlogOf({ broker, topology }, group, (topic, partition) => this.inFlight(group, topic, partition)),
    })
    super({ broker, topology, publisher, mode, messages, prefetch, consumerTimeoutMs }, () =>
      admin.published(),
    )
    const deadLetters = new RabbitmqDeadLetterStore({
      broker,
      create: options.create ?? true,
      ownerOf: ({ group, topic, partition, generation }) =>
        this.holds(group, topic, partition, generation) ? generation : undefined,
    })
    this.#broker = broker
    this.admin = admin
    this.deadLetters = deadLetters
    this.#close = async () => {
      await super.close()
      admin.close()
      await publisher.close()
      deadLetters.close()
      await topology.close()
      await broker.close()
    }
  }

  /** AMQP tells nothing of how many nodes have a queue. */
  async probe(): Promise<Probe> {
    const found = { topics: [], verdict: 'safe', advice: '' } as const
    return {
      version: await this.#broker.version(),
      durability: [
        { ...found, setting: 'publisher confirms', value: 'on' },
        { ...found, setting: 'queue type', value: 'quorum' },
        {
          setting: 'replicas of a queue',
          value: 'not readable',
          topics: [],
          verdict: 'unknown',
          advice:
            'One node alone loses its queues with its disk. Run three, and look with rabbitmq-queues quorum_status.',
        },
      ],
    }
  }

  override close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }
}

/**
 * Opens a RabbitMQ broker as an engine. A publish is fulfilled when the queues of all groups have it on disk, on a
 * majority of their replicas.
 * @param url `amqp://user:password@host:port/vhost`, `amqps:` for TLS.
 * @throws `url_invalid`, `engine_unreachable`, `access_denied`.
 */
export async function rabbitmq(url: string, options: RabbitmqOptions = {}): Promise<RabbitmqEngine> {
  checkOptionNames('rabbitmq()', options, optionNames)
  const address = readRabbitmqUrl(url)
  checkNumbers(options)
  const { clock = systemClock, create = true, clientName = 'tidings', tls = {} } = options
  const broker = new Broker({ address, clock, clientName, tls })
  const topology = new TopologyStore({ broker, create })
  try {
    await topology.refresh()
    return new RabbitmqEngine(broker, topology, options)
  } catch (error) {
    await topology.close()
    await broker.close()
    throw error
  }
}

const numbers = ['deliveryMs', 'prefetch', 'consumerTimeoutMs'] as const

function checkNumbers(options: RabbitmqOptions): void {
  for (const name of numbers) {
    const value = options[name]
    const most = name === 'prefetch' ? mostPrefetch : Number.MAX_SAFE_INTEGER
    if (value === undefined || (Number.isSafeInteger(value) && value >= 1 && value <= most)) continue
    throw new TidingsError(
      'option_invalid',
      `${name} of rabbitmq() is ${shown(value)}. Give a whole number from 1${name === 'prefetch' ? ` to ${most}` : ''}.`,
    )
  }
}

/** What the protocol has room for. */
const mostPrefetch = 65_535
