import { expect, test } from 'vitest'
import { systemClock } from '../kernel/index.ts'
import { brokerUrl, describeOnBroker } from './broker.fixture.ts'
import { Cluster } from './cluster.ts'
import { kafka } from './kafka.ts'
import { readKafkaUrl } from './kafka-url.ts'
import { alterTopic } from './topics.ts'

describeOnBroker('What Kafka is set up for', () => {
  test('is said for each topic: copies, how many have to have an event, and who may lead', async () => {
    const url = brokerUrl ?? ''
    await using engine = closing(await kafka(url))
    const names = ['a', 'b'].map((each) => `probe-${process.pid}-${Date.now()}-${each}`)
    const [a = '', b = ''] = names
    for (const name of names)
      await engine.admin.createTopic({
        name,
        partitions: 1,
        retention: { ageMs: undefined, bytes: undefined },
      })
    await setUnclean(url, b)

    const { version, durability } = await engine.probe(names)

    expect(version).toMatch(/^metadata\.version \d+$/)
    expect(
      durability.map(({ setting, value, topics, verdict }) => [setting, value, topics, verdict]),
    ).toEqual([
      ['acks', 'all', [], 'safe'],
      ['replication factor', '1', [a, b], 'weak'],
      ['min.insync.replicas', '1', [a, b], 'weak'],
      ['unclean.leader.election.enable', 'false', [a], 'safe'],
      ['unclean.leader.election.enable', 'true', [b], 'weak'],
    ])
  })
})

async function setUnclean(url: string, topic: string): Promise<void> {
  const { brokers } = readKafkaUrl(url)
  const options = { brokers, clientId: 'probe', tls: undefined, sasl: undefined, requestTimeoutMs: 10_000 }
  const cluster = new Cluster(options, systemClock)
  try {
    await alterTopic(cluster, topic, { 'unclean.leader.election.enable': 'true' })
  } finally {
    await cluster.close()
  }
}

function closing<T extends { close(): Promise<void> }>(engine: T): T & AsyncDisposable {
  return Object.assign(engine, { [Symbol.asyncDispose]: () => engine.close() })
}
