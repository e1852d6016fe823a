import { randomUUID } from 'node:crypto'
import { inNamespace } from '../bus/index.ts'
import { systemClock } from '../kernel/index.ts'
import { MemoryLogStore } from '../memory/log-store.ts'
import { deadLetterStoreContract } from '../testing/index.ts'
import { Broker } from './broker.ts'
import { brokerUrl, concurrently, describeOnBroker } from './broker.fixture.ts'
import { RabbitmqDeadLetterStore } from './dead-letter-store.ts'
import { rabbitmq } from './rabbitmq.ts'
import { readRabbitmqUrl } from './rabbitmq-url.ts'

describeOnBroker('The dead letters on RabbitMQ', () => {
  deadLetterStoreContract({
    test: concurrently,
    async open() {
      const name = `letters-${randomUUID().slice(0, 8)}`
      const engine = await rabbitmq(brokerUrl ?? '')
      const address = readRabbitmqUrl(brokerUrl ?? '')
      const broker = new Broker({ address, clock: systemClock, clientName: name, tls: {} })
      // Who owns a partition is what the contract decides here.
      const log = new MemoryLogStore(systemClock)
      const inside = (outside: string): string => outside.slice(name.length + 1)
      const store = new RabbitmqDeadLetterStore({
        broker,
        create: true,
        ownerOf: ({ group, topic, partition }) =>
          log.generationOf({ group: inside(group), topic: inside(topic), partition }),
        queue: `${name}.dead-letters`,
      })
      const { deadLetters } = inNamespace(
        {
          capabilities: engine.capabilities,
          admin: engine.admin,
          deadLetters: store,
          probe: () => engine.probe(),
          publish: (records, options) => engine.publish(records, options),
          subscribe: (request) => engine.subscribe(request),
          close: () => engine.close(),
        },
        name,
      )
      return {
        store: deadLetters,
        log,
        async [Symbol.asyncDispose]() {
          store.close()
          await broker.close()
          await engine.close()
        },
      }
    },
  })
})
