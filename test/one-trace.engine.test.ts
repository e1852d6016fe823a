import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Engine } from '../src/bus/index.ts'
import { kafka } from '../src/kafka/index.ts'
import { memoryOutbox } from '../src/memory/index.ts'
import { postgres } from '../src/postgres/index.ts'
import { rabbitmq } from '../src/rabbitmq/index.ts'
import { openSdk } from '../src/tracing/sdk.fixture.ts'
import { followOneOrder, transactInMemory } from './one-trace.ts'

const engines: readonly [string, string | undefined, (url: string) => Promise<Engine>][] = [
  ['PostgreSQL', process.env['TIDINGS_POSTGRES_URL'], postgres],
  ['Kafka', process.env['TIDINGS_KAFKA_URL'], kafka],
  ['RabbitMQ', process.env['TIDINGS_RABBITMQ_URL'], rabbitmq],
]

for (const [name, url, open] of engines) {
  const missing = url === undefined ? ' (it is not here: npm run test:engines starts it)' : ''
  describe.skipIf(url === undefined)(`On ${name}${missing}`, () => {
    test('one order is one trace: through an outbox, three groups, a retry and a redrive', async () => {
      using sdk = openSdk()
      const namespace = `trace-${randomUUID().slice(0, 8)}`
      await followOneOrder(
        { engine: await open(url ?? ''), outbox: memoryOutbox(), transact: transactInMemory, namespace },
        sdk,
      )
      expect(sdk.spans().length).toBeGreaterThan(0)
    })
  })
}
