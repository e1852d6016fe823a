/**
 * The yardsticks of the RabbitMQ engine: bare `amqplib` with the same events, exchange, queues and prefetch, confirms awaited a
 * batch at a time, and acknowledgements as often.
 */
import { type Channel, type ChannelModel, connect, type ConfirmChannel, type ConsumeMessage } from 'amqplib'
import { decodeAmqp, encodeAmqp } from 'tidings/event'
import { partitionOf } from 'tidings/log'
import { limits } from '../../src/kernel/index.ts'
import { declareTopic, queueOf } from '../../src/rabbitmq/queues.ts'
import { latencies } from '../engines/latencies.ts'
import {
  commitEveryMs,
  eventOf,
  numberOf,
  partitions,
  type RawOptions,
  type RawPace,
  together,
} from '../engines/yardstick.ts'
import type { Latency } from '../sqlite/end-to-end.ts'
import type { Rate } from '../sqlite/publish.ts'

const group = 'raw'

/** Batches of 256, one after the other. */
export async function rawPublish({ place, warmUp, events, bare }: RawOptions): Promise<Rate> {
  await using broker = await open(place)
  const { topic } = broker
  const channel = await broker.connection.createConfirmChannel()
  const ready = Array.from({ length: together }, (_, number) => messageOf(number))
  const publish = async (from: number, to: number): Promise<void> => {
    for (let first = from; first < to; first += together) {
      for (let index = 0; index < together; index++)
        send(channel, topic, (bare ? ready[index] : undefined) ?? messageOf(first + index))
      await channel.waitForConfirms()
    }
  }
  await publish(0, warmUp)
  const startedMs = performance.now()
  await publish(warmUp, warmUp + events)
  return { perSecond: (events / (performance.now() - startedMs)) * 1_000 }
}

/** All that `rawPublish` has written, from the first message to the last. */
export async function rawConsume({ place, warmUp, events, bare }: RawOptions): Promise<Rate> {
  await using broker = await open(place)
  const done = Promise.withResolvers<void>()
  let handled = 0
  let startedMs = 0
  await consume(broker, (message) => {
    if (!bare) numberOf(eventIn(message))
    if (handled === warmUp) startedMs = performance.now()
    handled += 1
    if (handled === warmUp + events) done.resolve()
  })
  await done.promise
  return { perSecond: (events / (performance.now() - startedMs)) * 1_000 }
}

export async function rawEndToEnd(pace: RawPace): Promise<Latency> {
  await using broker = await open(pace.place)
  const channel = await broker.connection.createConfirmChannel()
  return await latencies(pace, async (handled) => {
    await consume(broker, (message) => handled(numberOf(eventIn(message))))
    return (number) => new Promise((resolve) => send(channel, broker.topic, messageOf(number), resolve))
  })
}

interface RawBroker extends AsyncDisposable {
  readonly connection: ChannelModel
  readonly topic: string
  /** What acknowledges; it ends before the connection does. */
  readonly timers: NodeJS.Timeout[]
}

/** `amqp://host:port#namespace`, with the exchange and the queues that the product would have there. */
async function open(place: string): Promise<RawBroker> {
  const [url = '', namespace] = place.split('#')
  const topic = `${namespace}.orders`
  const connection = await connect(url, { noDelay: true })
  const channel = await connection.createChannel()
  await declareTopic(channel, { topic, partitions, groups: [group] })
  await channel.close()
  const timers: NodeJS.Timeout[] = []
  return {
    connection,
    topic,
    timers,
    [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer)
      return connection.close()
    },
  }
}

interface Message {
  readonly key: string
  readonly content: Buffer
  readonly properties: object
}

function messageOf(number: number): Message {
  const event = eventOf(number)
  const { content, ...properties } = encodeAmqp(event, { mode: 'binary' })
  const { buffer, byteOffset, length } = content
  const key = String(partitionOf(event.subject ?? '', partitions))
  return { key, content: Buffer.from(buffer, byteOffset, length), properties }
}

function send(
  channel: ConfirmChannel,
  topic: string,
  { key, content, properties }: Message,
  confirmed?: () => void,
): void {
  channel.publish(topic, key, content, { ...properties, persistent: true, mandatory: true }, confirmed)
}

function eventIn({ properties: { contentType, headers }, content }: ConsumeMessage) {
  return decodeAmqp({ contentType, headers, content })
}

/** Reads every queue on a channel of its own; acknowledges beside it what was handled. */
async function consume(
  { connection, topic, timers }: RawBroker,
  handle: (message: ConsumeMessage) => void,
): Promise<void> {
  const last = new Map<Channel, ConsumeMessage>()
  for (let partition = 0; partition < partitions; partition++) {
    const channel = await connection.createChannel()
    await channel.prefetch(limits.rabbitmqPrefetch)
    await channel.consume(queueOf(group, topic, partition), (message) => {
      if (message === null) return
      handle(message)
      last.set(channel, message)
    })
  }
  const acknowledge = (): void => {
    for (const [channel, message] of last) channel.ack(message, true)
    last.clear()
  }
  timers.push(setInterval(acknowledge, commitEveryMs))
}
