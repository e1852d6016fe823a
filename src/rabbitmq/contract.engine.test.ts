import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { inNamespace } from '../bus/index.ts'
import { sleep, systemClock } from '../kernel/index.ts'
import { transportContract } from '../testing/index.ts'
import { brokerUrl, concurrently, describeOnBroker, OwnNode } from './broker.fixture.ts'
import { rabbitmqCapabilities } from './capabilities.ts'
import { type RabbitmqOptions, rabbitmq } from './rabbitmq.ts'

const clock = { now: Date.now, advance: (ms: number) => sleep(systemClock, ms) }

describeOnBroker('The RabbitMQ engine in a namespace', () => {
  transportContract({
    test: concurrently,
    capabilities: rabbitmqCapabilities,
    open: () => inOwnNamespace({}),
  })
})

async function inOwnNamespace(
  options: RabbitmqOptions,
): ReturnType<Parameters<typeof transportContract>[0]['open']> {
  const namespace = `test-${randomUUID().slice(0, 8)}`
  const transport = inNamespace(await rabbitmq(brokerUrl ?? '', options), namespace)
  return {
    transport,
    admin: transport.admin,
    clock,
    [Symbol.asyncDispose]: () => transport.close(),
  }
}

describeOnBroker('The RabbitMQ engine', () => {
  let node: OwnNode
  beforeAll(async () => {
    node = await OwnNode.start()
  }, 60_000)
  afterAll(() => node[Symbol.asyncDispose]())

  transportContract({
    test: concurrently,
    capabilities: rabbitmqCapabilities,
    async open() {
      const transport = await rabbitmq(await node.ownHost(), { mode: 'structured' })
      return {
        transport,
        admin: transport.admin,
        clock,
        [Symbol.asyncDispose]: () => transport.close(),
      }
    },
  })
})
