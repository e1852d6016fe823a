import { commandCases } from '../../src/cli/commands.fixture.ts'
import { brokerUrl, describeOnBroker } from '../../src/kafka/broker.fixture.ts'

let places = 0

describeOnBroker('Commands on Kafka', () => {
  commandCases(
    async () => ({
      url: brokerUrl ?? '',
      namespace: `commands-${process.pid}-${Date.now().toString(36)}-${places++}`,
      // What is left behind is small, and nobody else's.
      [Symbol.asyncDispose]: async () => undefined,
    }),
    { delay: false, tables: false },
  )
})
