import { execFileSync, spawnSync } from 'node:child_process'
import avsc from 'avsc'
import { CompressionTypes, type IHeaders, Kafka, logLevel, Partitioners } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { type CloudEvent, decodeEvent } from '../event/index.ts'
import { partitionOf } from '../log/index.ts'
import { memorySchemaStore } from '../memory/index.ts'
import { embeddedRegistry, encodeGlueFrame, encodeWireFormat } from '../schema/index.ts'
import { brokerUrl, describeOnBroker } from './broker.fixture.ts'
import { type Ground, ground, join, until } from './group.fixture.ts'
import { type KafkaOptions, kafka } from './kafka.ts'

const hasKcat = spawnSync('kcat', ['-V']).status === 0
const host = (brokerUrl ?? '').replace('kafka://', '')

const event: CloudEvent = {
  specversion: '1.0',
  id: '41',
  source: '/orders',
  type: 'com.example.orders.placed',
  subject: 'orders/é',
  datacontenttype: 'application/json',
  data: { text: 'é \u{1F4E6}', list: [1, null] },
}

function publish({ engine, topic }: Ground, published: readonly CloudEvent[], partition = 0): Promise<void> {
  const records = published.map((each) => ({ topic, partition, event: each, notBefore: undefined }))
  return engine.publish(records, { tx: undefined })
}

/** Another client, which knows nothing of us. */
function otherClient(): Kafka {
  return new Kafka({ brokers: [host], logLevel: logLevel.NOTHING })
}

async function produce(
  topic: string,
  messages: readonly { key?: string | null; value: Buffer | string | null; headers?: IHeaders }[],
  { abort = false, compression = CompressionTypes.None } = {},
): Promise<void> {
  const options = abort ? { transactionalId: topic, idempotent: true, maxInFlightRequests: 1 } : {}
  const producer = otherClient().producer({ createPartitioner: Partitioners.DefaultPartitioner, ...options })
  await producer.connect()
  onTestFinished(() => producer.disconnect())
  const batch = { topic, compression, messages: messages.map((each) => ({ partition: 0, ...each })) }
  if (!abort) return void (await producer.send(batch))
  const transaction = await producer.transaction()
  await transaction.send(batch)
  await transaction.abort()
}

/** What a group of another client gets. */
async function consumed(topic: string, count: number) {
  const consumer = otherClient().consumer({ groupId: `${topic}.others` })
  await consumer.connect()
  onTestFinished(() => consumer.disconnect())
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const messages: { partition: number; key: string; value: string; headers: Record<string, string> }[] = []
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)])
      const [key, value] = [String(message.key), String(message.value)]
      messages.push({ partition, key, value, headers: Object.fromEntries(headers) })
    },
  })
  await until('the other client has its messages', () => messages.length >= count)
  return messages
}

/** What an engine with these options makes of all that is in the first partition. */
async function events({ topic }: Ground, options: KafkaOptions = {}): Promise<(CloudEvent | string)[]> {
  const engine = await kafka(brokerUrl ?? '', options)
  onTestFinished(() => engine.close())
  const records = await engine.admin.read(topic, 0, 0, { maxRecords: 100, maxBytes: 2 ** 24 })
  return records.map(({ encoded }) => {
    try {
      return decodeEvent(encoded)
    } catch (error) {
      return String((error as { code?: string }).code)
    }
  })
}

const headersOf = {
  'content-type': 'application/json',
  ce_specversion: '1.0',
  ce_id: '41',
  ce_source: '/orders',
  ce_type: 'com.example.orders.placed',
  ce_subject: 'orders/é',
}

describeOnBroker('What we write', () => {
  test('is read by kafkajs: attributes as headers, data as the value, the key beside it', async () => {
    await using on = await ground({ partitions: 1 })
    await publish(on, [event])
    expect(await consumed(on.topic, 1)).toEqual([
      { partition: 0, key: 'orders/é', value: JSON.stringify(event.data), headers: headersOf },
    ])
  })

  test('is one JSON value where that is asked for', async () => {
    await using on = await ground({ partitions: 1, mode: 'structured' })
    await publish(on, [event])
    const [message] = await consumed(on.topic, 1)
    expect(message?.headers).toEqual({ 'content-type': 'application/cloudevents+json' })
    expect(JSON.parse(message?.value ?? '')).toEqual(event)
  })

  test('is in the partition where the clients of the Java family put its key', async () => {
    await using on = await ground({ partitions: 7 })
    const keys = ['orders/1', 'é', '', 'a much longer key than the others', 'orders/2']
    const partitioner = Partitioners.DefaultPartitioner()
    const partitionMetadata = Array.from({ length: 7 }, (_, partitionId) => ({ partitionId, leader: 1 }))
    const theirs = keys.map((key) =>
      partitioner({ topic: on.topic, partitionMetadata, message: { key, value: '' } } as never),
    )
    expect(keys.map((key) => partitionOf(key, 7))).toEqual(theirs)
  })

  test.skipIf(!hasKcat)('is read by kcat', async () => {
    await using on = await ground({ partitions: 1 })
    await publish(on, [event])
    const format = ['-f', '%p %o %k %h %s\n']
    const text = execFileSync('kcat', [
      '-C',
      '-b',
      host,
      '-t',
      on.topic,
      '-e',
      '-q',
      '-o',
      'beginning',
      ...format,
    ])
    expect(text.toString()).toContain(`0 0 orders/é ce_specversion=1.0,`)
    expect(text.toString()).toContain(`ce_type=com.example.orders.placed`)
    expect(text.toString()).toContain(JSON.stringify(event.data))
  })
})

describeOnBroker('What others write', () => {
  test('is read from kafkajs, in both modes, with headers of bytes, compressed or not', async () => {
    await using on = await ground({ partitions: 1 })
    const bytes = Object.fromEntries(
      Object.entries(headersOf).map(([name, value]) => [name, Buffer.from(value)]),
    )
    const binary = { key: 'orders/é', value: JSON.stringify(event.data), headers: bytes }
    const structured = {
      value: JSON.stringify(event),
      headers: { 'content-type': 'application/cloudevents+json' },
    }
    await produce(on.topic, [binary, structured])
    await produce(on.topic, [binary], { compression: CompressionTypes.GZIP })
    expect(await events(on)).toEqual([event, event, event])
  })

  test.skipIf(!hasKcat)('is read from kcat', async () => {
    await using on = await ground({ partitions: 1 })
    const headers = Object.entries(headersOf).flatMap(([name, value]) => ['-H', `${name}=${value}`])
    const args = ['-P', '-b', host, '-t', on.topic, '-p', '0', '-k', 'orders/é', ...headers]
    execFileSync('kcat', args, { input: JSON.stringify(event.data) })
    expect(await events(on)).toEqual([event])
  })

  test('is an event without headers, too, where the topic says what type it has; a tombstone has no data', async () => {
    await using on = await ground({ partitions: 1 })
    await produce(on.topic, [
      { key: 'orders/1', value: '{"orderId":"1"}' },
      { key: 'orders/1', value: null },
      { value: '{"orderId"' },
    ])
    const records = { [on.topic]: { type: 'com.example.orders.placed', source: '/legacy' } }
    const read = await events(on, { records })
    const shared = {
      specversion: '1.0',
      source: '/legacy',
      type: 'com.example.orders.placed',
      partitionkey: 'orders/1',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
    }
    expect(read).toEqual([
      { ...shared, id: `${on.topic}/0/0`, datacontenttype: 'application/json', data: { orderId: '1' } },
      { ...shared, id: `${on.topic}/0/1` },
      'json_invalid',
    ])
    expect(await events(on)).toEqual(['event_invalid', 'event_invalid', 'event_invalid'])
  })

  test('is read through a registry: JSON and Avro in the wire formats, and the id in a header', async () => {
    await using on = await ground({ partitions: 1 })
    const registry = embeddedRegistry(memorySchemaStore())
    const schema: avsc.Schema = {
      type: 'record',
      name: 'Order',
      fields: [{ name: 'orderId', type: 'string' }],
    }
    const avro = await registry.register('orders-avro', {
      schemaType: 'AVRO',
      schema: JSON.stringify(schema),
    })
    const json = await registry.register('orders-json', { schemaType: 'JSON', schema: '{"type":"object"}' })
    const order = { orderId: '1' }
    const avroBytes = avsc.Type.forSchema(schema).toBuffer(order)
    const schemaId = Buffer.from(encodeWireFormat(avro.id, new Uint8Array()))
    await produce(on.topic, [
      { value: Buffer.from(encodeWireFormat(avro.id, avroBytes)) },
      { value: Buffer.from(encodeWireFormat(json.id, Buffer.from(JSON.stringify(order)))) },
      { value: avroBytes, headers: { __value_schema_id: schemaId } },
      { value: Buffer.from(encodeWireFormat(avro.guid, avroBytes)) },
      { value: Buffer.from(encodeGlueFrame(avro.guid, avroBytes, { compress: true })) },
      { value: JSON.stringify(order) },
      { value: Buffer.from(encodeWireFormat(999, avroBytes)) },
    ])
    const records = { [on.topic]: { type: 'com.example.orders.placed', registry } }
    const read = await events(on, { records })
    expect(read.slice(0, 6)).toEqual(
      Array.from({ length: 6 }, () => expect.objectContaining({ data: order })),
    )
    expect(read[6]).toBe('event_invalid')
  })

  test('is not delivered when its transaction was aborted', async () => {
    await using on = await ground({ partitions: 1 })
    await produce(on.topic, [{ value: '{}', headers: headersOf }], { abort: true })
    await publish(on, [event])
    // The marker of the abort may come a moment after its answer.
    await until('it is ended', async () => (await events(on)).length > 0)
    expect(await events(on)).toEqual([event])
  })
})

describeOnBroker('A group of another library', () => {
  test('is not joined, and says why', async () => {
    await using on = await ground({ partitions: 1 })
    const consumer = otherClient().consumer({ groupId: on.group })
    await consumer.connect()
    onTestFinished(() => consumer.disconnect())
    await consumer.subscribe({ topics: [on.topic] })
    const joined = new Promise<void>((resolve) => {
      consumer.on(consumer.events.GROUP_JOIN, () => resolve())
    })
    await consumer.run({ eachMessage: async () => undefined })
    await joined
    await expect(join(on, 'one')).rejects.toThrow(/option_invalid: .* members of another library/)
  })
})
