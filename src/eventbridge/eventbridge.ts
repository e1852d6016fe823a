import {
  CreateEventBusCommand,
  DescribeEventBusCommand,
  type EventBridgeClientConfig,
} from '@aws-sdk/client-eventbridge'
import type { Engine } from '../bus/index.ts'
import type { DeadLetterStore, OwnDeadLetterStore } from '../dead-letter/index.ts'
import { checkOptionNames, type Clock, limits, shown, systemClock, TidingsError } from '../kernel/index.ts'
import type { Probe, TransportAdmin } from '../log/index.ts'
import { EventbridgeAdmin } from './admin.ts'
import { Aws } from './aws.ts'
import { isAbsent } from './aws-errors.ts'
import type { EventbridgeCapabilities } from './capabilities.ts'
import { bodyOf, DeadLetterQueues } from './dead-letter-queue.ts'
import { readEventbridgeUrl } from './eventbridge-url.ts'
import { type EventPattern, GroupQueues, type QueuesByGroup } from './group-queues.ts'
import { letterAttribute, partitionAttribute } from './message-decoder.ts'
import { MessageQueue } from './message-queue.ts'
import { Publisher } from './publisher.ts'
import { RedrivenLetters } from './redriven-letters.ts'
import { Topology } from './topology.ts'
import { EventbridgeTransport } from './transport.ts'

export interface EventbridgeOptions {
  readonly clock?: Clock | undefined
  /** Default: what the SDK's chain finds, in the environment, in files, of the machine or its role. */
  readonly credentials?: EventBridgeClientConfig['credentials']
  /** Where dead letters are kept; the engine closes it. Default: SQS queues, which cannot be looked through here. */
  readonly deadLetters?: OwnDeadLetterStore | undefined
  /** Queues of groups by their topic that are not to be made as usual. Names are those that the engine sees, with the namespace. */
  readonly queues?: QueuesByGroup | undefined
  /** By topic, a pattern of EventBridge for what others put on the bus that belongs to it: `{ source: ['aws.ec2'] }`. */
  readonly events?: Readonly<Record<string, EventPattern>> | undefined
  /** How long a publish waits for EventBridge in ms, over requests that fail. Default 30 s. */
  readonly deliveryMs?: number | undefined
  /** Events of one topic that a member has in hand. Default 512. */
  readonly prefetch?: number | undefined
  /** How long SQS keeps an event for a member that is not heard of, in ms; it is prolonged while a handler runs. Default 30 s. */
  readonly visibilityMs?: number | undefined
  /** How long SQS waits for an event before it says that there is none, in ms; at most 20 s and half of `visibilityMs`. Default 20 s. */
  readonly waitMs?: number | undefined
  /** False to open only an event bus that is there. Default true. */
  readonly create?: boolean | undefined
}

const optionNames = {
  clock: true,
  credentials: true,
  deadLetters: true,
  queues: true,
  events: true,
  deliveryMs: true,
  prefetch: true,
  visibilityMs: true,
  waitMs: true,
  create: true,
} as const satisfies Record<keyof EventbridgeOptions, true>

/** The EventBridge engine: events are put on a bus, rules feed an SQS queue for each group and topic. */
export class EventbridgeEngine extends EventbridgeTransport implements Engine<EventbridgeCapabilities> {
  readonly admin: TransportAdmin
  readonly deadLetters: DeadLetterStore
  readonly #aws: Aws
  readonly #close: () => Promise<void>
  #closed: Promise<void> | undefined

  /** Use `eventbridge`. */
  constructor(aws: Aws, options: EventbridgeOptions) {
    const { queues: byGroup = {}, events = {}, prefetch = limits.sqsPrefetch } = options
    const { waitMs = limits.sqsWaitMs, visibilityMs = limits.sqsVisibilityMs } = options
    const topology = new Topology(aws)
    const queues = new GroupQueues({ aws, topology, queues: byGroup, events })
    const publisher = new Publisher(aws, options.deliveryMs ?? limits.eventbridgeDeliveryMs)
    const admin = new EventbridgeAdmin({
      topology,
      queues,
      now: () => aws.clock.now(),
      membersOf: (group) => this.membersOf(group),
      changed: () => this.look(),
    })
    const letters = redrivenLetters(aws, queues, options.deadLetters, (group, topic, partition, offset) =>
      this.heldAt(group, topic, partition, offset),
    )
    super({
      aws,
      topology,
      queues,
      publisher,
      // What comes at the end of a wait counts from its beginning.
      reading: { prefetch, waitMs: Math.min(waitMs, visibilityMs / 2), visibilityMs },
      redriven: async (group, topic, message) => letters?.handled(group, topic, message),
      published: () => admin.published(),
    })
    this.#aws = aws
    this.admin = admin
    this.deadLetters = letters ?? new DeadLetterQueues(aws, () => topology.groups())
    this.#close = async () => {
      publisher.close()
      await super.close()
      admin.close()
      aws.close()
      await options.deadLetters?.close()
    }
  }

  /** AWS has one version, and keeps what it has taken on disks of several zones. */
  async probe(): Promise<Probe> {
    const { Arn = '' } = await this.#aws.ask('Looking at the event bus', () =>
      this.#aws.events.send(new DescribeEventBusCommand({ Name: this.#aws.bus })),
    )
    const found = { topics: [], verdict: 'safe', advice: '' } as const
    return {
      version: Arn,
      durability: [
        { ...found, setting: 'replicas of a queue', value: 'several zones, as AWS says' },
        { ...found, setting: 'retention of a queue', value: '14 days, or as the topic says' },
      ],
    }
  }

  override close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }
}

/** Undefined without a store. */
function redrivenLetters(
  aws: Aws,
  queues: GroupQueues,
  store: OwnDeadLetterStore | undefined,
  heldAt: EventbridgeTransport['heldAt'],
): RedrivenLetters | undefined {
  if (store === undefined) return undefined
  return new RedrivenLetters({
    store,
    now: () => aws.clock.now(),
    heldAt: ({ group, topic, partition }, offset) => heldAt(group, topic, partition, offset),
    send: async (letter) => {
      const { group, topic, partition, offset } = letter
      const queue = new MessageQueue(aws, await queues.urlOf(group, topic))
      const attributes = { [letterAttribute]: String(offset), [partitionAttribute]: String(partition) }
      await queue.send(bodyOf(letter), attributes)
    },
  })
}

/**
 * Opens an event bus of AWS EventBridge as an engine. A publish is fulfilled when EventBridge has taken the events, which
 * come in no order. The bus is created where it is not.
 * @param url `eventbridge://REGION/BUS`, with `?endpoint=URL` for tests.
 * @throws `url_invalid`, `option_invalid`, `engine_unreachable`, `access_denied`.
 */
export async function eventbridge(url: string, options: EventbridgeOptions = {}): Promise<EventbridgeEngine> {
  checkOptionNames('eventbridge()', options, optionNames)
  checkNumbers(options)
  const { region, bus, endpoint } = readEventbridgeUrl(url)
  const { clock = systemClock, credentials, create = true } = options
  const aws = new Aws({ region, bus, endpoint, credentials, clock })
  try {
    await openEventBus(aws, create)
    return new EventbridgeEngine(aws, options)
  } catch (error) {
    aws.close()
    await options.deadLetters?.close()
    throw error
  }
}

async function openEventBus(aws: Aws, create: boolean): Promise<void> {
  const look = (): Promise<unknown> => aws.events.send(new DescribeEventBusCommand({ Name: aws.bus }))
  await aws.ask(`Looking for event bus ${aws.bus}`, async () => {
    try {
      await look()
    } catch (error) {
      if (!isAbsent(error)) throw error
      if (!create) throw busMissing(aws.bus)
      await aws.events.send(new CreateEventBusCommand({ Name: aws.bus })).catch(async (failed: unknown) => {
        // Somebody else may have created it meanwhile.
        await look().catch(() => {
          throw failed
        })
      })
    }
  })
}

function busMissing(bus: string): TidingsError {
  return new TidingsError(
    'url_invalid',
    `There is no event bus "${bus}" in this region and account. Check the URL and the credentials; what publishes creates it.`,
  )
}

const numbers = { deliveryMs: 1, prefetch: 1, visibilityMs: 1_000, waitMs: 0 } as const

function checkNumbers(options: EventbridgeOptions): void {
  for (const [name, least] of Object.entries(numbers) as [keyof typeof numbers, number][]) {
    const value = options[name]
    const most = name === 'waitMs' ? limits.sqsWaitMs : limits.sqsHandleMs
    if (value === undefined || (Number.isSafeInteger(value) && value >= least && value <= most)) continue
    throw new TidingsError(
      'option_invalid',
      `${name} of eventbridge() is ${shown(value)}. Give a whole number from ${least} to ${most}.`,
    )
  }
}
