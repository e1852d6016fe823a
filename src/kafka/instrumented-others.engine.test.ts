import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { propagation, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { openBus } from '../bus/index.ts'
import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { encodeKafka } from '../event/index.ts'
import { openSdk } from '../tracing/sdk.fixture.ts'
import { brokerUrl, describeOnBroker } from './broker.fixture.ts'
import { until } from './group.fixture.ts'
import { kafka } from './kafka.ts'

const placed = defineEvent('placed').version(1, { type: 'object' } as const)

/** kafkajs as a program has it that is instrumented by OpenTelemetry, and knows nothing of us. */
function instrumentedClient() {
  const instrumentation = new KafkaJsInstrumentation()
  instrumentation.setTracerProvider(trace.getTracerProvider())
  instrumentation.enable()
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  onTestFinished(() => {
    instrumentation.disable()
    propagation.disable()
  })
  const { Kafka, logLevel } = createRequire(import.meta.url)('kafkajs') as typeof import('kafkajs')
  return new Kafka({ brokers: [(brokerUrl ?? '').replace('kafka://', '')], logLevel: logLevel.NOTHING })
}

describeOnBroker('A trace goes through Kafka', () => {
  test('to a consumer that the stock instrumentation of kafkajs knows, and from a producer', async () => {
    using sdk = openSdk()
    const topic = `traced-${randomUUID().slice(0, 8)}`
    const catalog = defineCatalog([defineTopic(topic, { partitions: 1, events: [placed] })])
    await using bus = await openBus({
      transport: await kafka(brokerUrl ?? ''),
      source: '/orders',
      catalog,
      drainOn: false,
    })
    const client = instrumentedClient()
    const consumer = client.consumer({ groupId: `${topic}.others` })
    await consumer.connect()
    onTestFinished(() => consumer.disconnect())
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    const seen: number[] = []
    await consumer.run({ eachMessage: async () => void seen.push(1) })
    await bus.publish(placed, {})
    await until(
      'the other consumer has handled it',
      () => seen.length === 1 && sdk.named(`process ${topic}`).length === 1,
    )
    const [sent] = sdk.named(`send ${topic}`)
    const [theirs] = sdk.named(`process ${topic}`)
    expect(theirs?.instrumentationScope.name).toBe('@opentelemetry/instrumentation-kafkajs')
    expect(theirs?.parentSpanContext?.spanId).toBe(sent?.spanContext().spanId)

    const group = bus
      .group('billing', { start: 'start', assumeVersion: { placed: 1 } })
      .on(placed, () => undefined)
    await group.joined()
    const producer = client.producer()
    await producer.connect()
    onTestFinished(() => producer.disconnect())
    const event = { specversion: '1.0', id: 'theirs', source: '/others', type: 'placed', data: {} } as const
    const { headers, value } = encodeKafka(event, { mode: 'binary' })
    await producer.send({ topic, messages: [{ headers, value: value && Buffer.from(value) }] })
    const ours = () =>
      sdk
        .spans()
        .find(
          ({ name, attributes }) =>
            name === `process ${topic}` && attributes['messaging.message.id'] === 'theirs',
        )
    await until('our group has handled it', () => ours() !== undefined)
    const produced = sdk
      .named(`send ${topic}`)
      .find(({ instrumentationScope }) => instrumentationScope.name.endsWith('kafkajs'))
    expect(ours()?.parentSpanContext?.spanId).toBe(produced?.spanContext().spanId)
    expect(ours()?.spanContext().traceId).toBe(produced?.spanContext().traceId)
  })
})
