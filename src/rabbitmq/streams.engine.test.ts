import { randomUUID } from 'node:crypto'
import type { ConsumeMessage } from 'amqplib'
import { expect, test } from 'vitest'
import { type DeadLetter, deadLetterId } from '../dead-letter/index.ts'
import { systemClock } from '../kernel/index.ts'
import { Broker } from './broker.ts'
import { brokerUrl, describeOnBroker } from './broker.fixture.ts'
import { RabbitmqDeadLetterStore } from './dead-letter-store.ts'
import { readRabbitmqUrl } from './rabbitmq-url.ts'
import { TopologyStore } from './topology.ts'

const maxBytes = 65_536
const retention = { ageMs: undefined, bytes: undefined }

function openBroker() {
  const address = readRabbitmqUrl(brokerUrl ?? '')
  const broker = new Broker({ address, clock: systemClock, clientName: 'truncated', tls: {} })
  return { broker, [Symbol.asyncDispose]: () => broker.close() }
}

/** The first offset that a stream still has. */
async function firstOffset(broker: Broker, queue: string): Promise<number> {
  return broker.ask(`Reading ${queue}`, async (channel) => {
    await channel.prefetch(1)
    return new Promise<number>((resolve) => {
      const found = (message: ConsumeMessage | null): void =>
        resolve(Number(message?.properties.headers?.['x-stream-offset']))
      void channel.consume(queue, found, { arguments: { 'x-stream-offset': 'first' } })
    })
  })
}

describeOnBroker('A stream of RabbitMQ whose beginning is gone', () => {
  test('still says which topics and groups there are', { timeout: 120_000 }, async () => {
    await using opened = openBroker()
    const { broker } = opened
    const queue = `truncated-${randomUUID()}`
    const store = new TopologyStore({ broker, create: true, queue, maxBytes })
    const topic = { name: `${queue}.orders`, partitions: 3, retention }
    await store.createTopic(topic)
    await store.report('billing', 'nobody', {})
    const names = Array.from({ length: 600 }, (_, number) => `orders/${number}`)
    while ((await firstOffset(broker, queue)) === 0)
      for (let nth = 0; nth < 20; nth++) await store.letGo('billing', names)

    const later = new TopologyStore({ broker, create: false, queue, maxBytes })
    await later.refresh()
    expect(await later.topics()).toEqual([topic])
    await Promise.all([store.close(), later.close()])
  })

  test('still has every dead letter that is open', { timeout: 120_000 }, async () => {
    await using opened = openBroker()
    const { broker } = opened
    const queue = `truncated-${randomUUID()}`
    const openStore = () =>
      new RabbitmqDeadLetterStore({ broker, create: true, ownerOf: () => 1, queue, maxBytes })
    const store = openStore()
    const owner = { group: 'billing', topic: 'orders', partition: 0, generation: 1 }
    const first = letterAt(0)
    await store.put(owner, [first])
    for (let offset = 1; (await firstOffset(broker, queue)) === 0; offset++) {
      const letter = letterAt(offset)
      await store.put(owner, [letter])
      await store.discard(letter.id, 'It was for a test.')
    }

    const later = openStore()
    expect(await later.get(first.id)).toMatchObject({ id: first.id, state: 'dead', offset: 0 })
    expect(await store.get(first.id)).toMatchObject({ id: first.id, state: 'dead', offset: 0 })
    expect(await later.count({ states: ['dead'] })).toBe(1)
    store.close()
    later.close()
  })
})

describeOnBroker('A stream of RabbitMQ that is opened for looking', () => {
  test('is there only once something is written', async () => {
    await using opened = openBroker()
    const { broker } = opened
    const queue = `looking-${randomUUID()}`
    const isThere = (): Promise<boolean> =>
      broker
        .ask('Looking', (channel) => channel.checkQueue(queue))
        .then(
          () => true,
          () => false,
        )
    const store = new TopologyStore({ broker, create: false, queue })
    await store.refresh()
    expect([await store.topics(), await isThere()]).toEqual([[], false])
    await store.createTopic({ name: `${queue}.orders`, partitions: 1, retention })
    expect([(await store.topics()).length, await isThere()]).toEqual([1, true])
    await store.close()
  })
})

function letterAt(offset: number): DeadLetter {
  const place = { topic: 'orders', partition: 0, offset }
  return {
    ...place,
    id: deadLetterId('billing', place),
    group: 'billing',
    appendedAt: 1,
    state: 'dead',
    reason: 'handler_failed',
    message: 'It failed.',
    stack: '',
    attempts: 1,
    event: undefined,
    key: undefined,
    encoded: `${offset} ${'x'.repeat(2_000)}`,
    failedAt: 1,
    nextAttemptAt: undefined,
  }
}
