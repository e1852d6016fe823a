import { randomUUID } from 'node:crypto'
import { brokerUrl, describeOnBroker } from '../../src/kafka/broker.fixture.ts'
import { memberFaultCases } from '../member-faults.ts'

describeOnBroker('A member on Kafka', () => {
  memberFaultCases({
    open: () => ({
      url: brokerUrl ?? '',
      namespace: `faults-${randomUUID().slice(0, 8)}`,
      // What is left behind is small, and nobody else's.
      [Symbol.asyncDispose]: async () => undefined,
    }),
    sessionMs: 6_000,
    keptWhileBlocked: false,
  })
})
