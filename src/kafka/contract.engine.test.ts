import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { inNamespace } from '../bus/index.ts'
import { sleep, systemClock } from '../kernel/index.ts'
import { transportContract } from '../testing/index.ts'
import { brokerUrl, concurrently, describeOnBroker, OwnBroker } from './broker.fixture.ts'
import { kafkaCapabilities } from './capabilities.ts'
import { type KafkaOptions, kafka } from './kafka.ts'
import { emptied } from './emptied.fixture.ts'

const clock = { now: Date.now, advance: (ms: number) => sleep(systemClock, ms) }

describeOnBroker('The Kafka engine in a namespace', () => {
  transportContract({
    test: concurrently,
    capabilities: kafkaCapabilities,
    open: () => inOwnNamespace({}),
  })
})

describeOnBroker('The Kafka engine with groups by KIP-848', () => {
  transportContract({
    test: concurrently,
    capabilities: kafkaCapabilities,
    open: () => inOwnNamespace({ groupProtocol: 'consumer' }),
    skip: {
      'refuses the commit of a member whose place was taken while it was paused':
        'the brokers divide the partitions, and do not know that two members have one name',
    },
  })
})

async function inOwnNamespace(
  options: KafkaOptions,
): ReturnType<Parameters<typeof transportContract>[0]['open']> {
  const transport = inNamespace(await kafka(brokerUrl ?? '', options), `test-${randomUUID().slice(0, 8)}`)
  return {
    transport,
    admin: transport.admin,
    clock,
    [Symbol.asyncDispose]: () => transport.close(),
  }
}

describeOnBroker('The Kafka engine', () => {
  let broker: OwnBroker
  // It starts while the others run.
  const starting = brokerUrl === undefined ? undefined : OwnBroker.start()
  starting?.catch(() => undefined)
  beforeAll(async () => {
    if (starting !== undefined) broker = await starting
  }, 60_000)
  afterAll(() => broker[Symbol.asyncDispose]())

  describe('on an empty broker', () => {
    transportContract({
      test,
      capabilities: kafkaCapabilities,
      async open() {
        const transport = await kafka(broker.url)
        return {
          transport,
          admin: transport.admin,
          clock,
          [Symbol.asyncDispose]: () => transport.close().then(() => emptied(broker.url)),
        }
      },
    })
  })
})
