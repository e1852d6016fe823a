import { randomUUID } from 'node:crypto'
import { inNamespace } from '../bus/index.ts'
import { limits, systemClock } from '../kernel/index.ts'
import { MemoryLogStore } from '../memory/log-store.ts'
import { deadLetterStoreContract } from '../testing/index.ts'
import { brokerUrl, concurrently, describeOnBroker } from './broker.fixture.ts'
import { Cluster } from './cluster.ts'
import { KafkaDeadLetterStore } from './dead-letter-store.ts'
import { kafka } from './kafka.ts'
import { readKafkaUrl } from './kafka-url.ts'
import { Producer } from './producer.ts'

describeOnBroker('The dead letters on Kafka', () => {
  deadLetterStoreContract({
    test: concurrently,
    async open() {
      const name = `letters-${randomUUID().slice(0, 8)}`
      const engine = await kafka(brokerUrl ?? '')
      for (const topic of ['orders', 'carts', 'test.orders']) {
        const retention = { ageMs: undefined, bytes: undefined }
        await engine.admin.createTopic({ name: `${name}.${topic}`, partitions: 2, retention })
      }
      const address = readKafkaUrl(brokerUrl ?? '')
      const requestTimeoutMs = limits.kafkaRequestTimeoutMs
      const cluster = new Cluster(
        { ...address, tls: undefined, clientId: name, requestTimeoutMs },
        systemClock,
      )
      const producer = new Producer(cluster, limits.kafkaDeliveryMs)
      // Who owns a partition is what the contract decides here.
      const log = new MemoryLogStore(systemClock)
      const inside = (outside: string): string => outside.slice(name.length + 1)
      const store = new KafkaDeadLetterStore(cluster, producer, async ({ group, topic, partition }) =>
        log.generationOf({ group: inside(group), topic: inside(topic), partition }),
      )
      const { deadLetters } = inNamespace(
        {
          capabilities: engine.capabilities,
          admin: engine.admin,
          deadLetters: store,
          publish: (records, options) => engine.publish(records, options),
          subscribe: (request) => engine.subscribe(request),
          probe: (topics) => engine.probe(topics),
          close: () => engine.close(),
        },
        name,
      )
      return {
        store: deadLetters,
        log,
        async [Symbol.asyncDispose]() {
          store.close()
          await producer.close()
          await cluster.close()
          await engine.close()
        },
      }
    },
  })
})
