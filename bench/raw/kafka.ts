/**
 * The yardsticks of the Kafka engine: the Producer and Consumer of `@platformatic/kafka` with the same events, acks and
 * idempotence, batches of the same size, and commits as often.
 */
import { Consumer, type Message, type MessageToProduce, Producer } from '@platformatic/kafka'
import { connect } from 'tidings'
import { decodeKafka, encodeKafka } from 'tidings/event'
import { partitionOf } from 'tidings/log'
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

const all = -1
/** What is read at once, as in the product. */
const answerBytes = 1_048_576

/** Batches of 256, one after the other. */
export async function rawPublish({ place, warmUp, events, bare }: RawOptions): Promise<Rate> {
  const { topic, brokers } = await topicAt(place)
  const producer = producerTo(brokers)
  const ready = Array.from({ length: together }, (_, number) => messageOf(topic, number))
  const publish = async (from: number, to: number): Promise<void> => {
    for (let first = from; first < to; first += together) {
      const messages = bare ? ready : ready.map((_, index) => messageOf(topic, first + index))
      await producer.send({ messages })
    }
  }
  await publish(0, warmUp)
  const startedMs = performance.now()
  await publish(warmUp, warmUp + events)
  const perSecond = (events / (performance.now() - startedMs)) * 1_000
  await producer.close()
  return { perSecond }
}

/** All that `rawPublish` has written, from the first record to the last. */
export async function rawConsume({ place, warmUp, events, bare }: RawOptions): Promise<Rate> {
  const { topic, brokers } = await topicAt(place)
  const done = Promise.withResolvers<void>()
  let handled = 0
  let startedMs = 0
  const consumer = await consume(brokers, topic, (message) => {
    if (!bare) numberOf(decodeKafka(message))
    if (handled === warmUp) startedMs = performance.now()
    handled += 1
    if (handled === warmUp + events) done.resolve()
  })
  await done.promise
  const perSecond = (events / (performance.now() - startedMs)) * 1_000
  await consumer.close(true)
  return { perSecond }
}

export async function rawEndToEnd(pace: RawPace): Promise<Latency> {
  const { topic, brokers } = await topicAt(pace.place)
  const producer = producerTo(brokers)
  let consumer: Consumer | undefined
  const latency = await latencies(pace, async (handled) => {
    consumer = await consume(brokers, topic, (message) => handled(numberOf(decodeKafka(message))))
    return async (number) => void (await producer.send({ messages: [messageOf(topic, number)] }))
  })
  await producer.close()
  await consumer?.close(true)
  return latency
}

/** `kafka://host:port#namespace`, with the topic that the product would have there. */
async function topicAt(place: string): Promise<{ readonly topic: string; readonly brokers: string[] }> {
  const [url = '', namespace] = place.split('#')
  const topic = `${namespace}.orders`
  const engine = await connect(url)
  await engine.admin.createTopic({
    name: topic,
    partitions,
    retention: { ageMs: undefined, bytes: undefined },
  })
  await engine.close()
  return { topic, brokers: [new URL(url).host] }
}

function producerTo(bootstrapBrokers: string[]): Producer {
  return new Producer({ clientId: 'raw', bootstrapBrokers, idempotent: true, acks: all })
}

function messageOf(topic: string, number: number): MessageToProduce {
  const event = eventOf(number)
  const { key = '', headers, value } = encodeKafka(event, { mode: 'binary' })
  return {
    topic,
    partition: partitionOf(key, partitions),
    key: Buffer.from(key),
    value: Buffer.from(value ?? []),
    headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
  }
}

/** Reads a topic from its start; commits beside it what was handled. */
async function consume(
  bootstrapBrokers: string[],
  topic: string,
  handle: (message: Message) => void,
): Promise<Consumer> {
  const groupId = `raw-${process.pid}-${Date.now()}`
  const consumer = new Consumer({
    clientId: 'raw',
    groupId,
    bootstrapBrokers,
    autocommit: false,
    maxWaitTime: 500,
    minBytes: 1,
    maxBytes: answerBytes,
    maxBytesPerPartition: answerBytes / partitions,
  })
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest' })
  const places = new Map<number, bigint>()
  stream.on('data', (message) => {
    handle(message)
    places.set(message.partition, message.offset + 1n)
  })
  const timer = setInterval(() => {
    const offsets = [...places].map(([partition, offset]) => ({ topic, partition, offset, leaderEpoch: -1 }))
    places.clear()
    if (offsets.length > 0) void consumer.commit({ offsets }).catch(() => undefined)
  }, commitEveryMs)
  timer.unref()
  stream.once('close', () => clearInterval(timer))
  return consumer
}
