import { spawn } from 'node:child_process'
import { join as path } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { type CloudEvent, decodeEvent } from '../event/index.ts'
import { isTidingsError, limits, systemClock } from '../kernel/index.ts'
import { brokerUrl, describeOnBroker, OwnBroker } from './broker.fixture.ts'
import { Cluster } from './cluster.ts'
import { ground, ids, join, publish, until } from './group.fixture.ts'
import { kafka } from './kafka.ts'
import { readKafkaUrl } from './kafka-url.ts'
import { createTopics } from './topics.ts'

const program = path(import.meta.dirname, '../../test/programs/kafka-member.ts')

describeOnBroker('The Kafka engine', () => {
  test('lists 1,000 topics within a second', { timeout: 180_000 }, async () => {
    await using broker = await OwnBroker.start()
    const address = readKafkaUrl(broker.url)
    const requestTimeoutMs = limits.kafkaRequestTimeoutMs
    const cluster = new Cluster(
      { ...address, tls: undefined, clientId: 'test', requestTimeoutMs },
      systemClock,
    )
    const names = Array.from({ length: 1_000 }, (_, index) => `topic-${index}`)
    for (let from = 0; from < names.length; from += 250) {
      const some = names.slice(from, from + 250)
      await createTopics(
        cluster,
        some.map((name) => ({ name, partitions: 1, configs: {} })),
      )
    }
    await cluster.close()
    const engine = await kafka(broker.url)
    onTestFinished(() => engine.close())
    await engine.admin.topics()
    const startedMs = performance.now()
    const topics = await engine.admin.topics()
    const elapsedMs = performance.now() - startedMs
    expect(topics.map(({ name }) => name).toSorted()).toEqual(names.toSorted())
    expect(elapsedMs).toBeLessThan(1_000)
  })

  test('takes and delivers events of the largest size, several of them together', async () => {
    await using on = await ground({ partitions: 1 })
    const events = ['1', '2', '3'].map(largest)
    const records = events.map((event) => ({ topic: on.topic, partition: 0, event, notBefore: undefined }))
    await on.engine.publish(records, { tx: undefined })
    const member = await join(on, 'one')
    await until('all are read', () => member.records.length === 3)
    expect(member.records.map(({ encoded }) => decodeEvent(encoded))).toEqual(events)
    const [event] = events
    if (event === undefined) throw new Error('There is one.')
    const larger = { ...event, data: `${String(event.data)}x` }
    const publishing = on.engine.publish(
      [{ topic: on.topic, partition: 0, event: larger, notBefore: undefined }],
      {
        tx: undefined,
      },
    )
    await expect(publishing).rejects.toSatisfy((error) => isTidingsError(error, 'event_too_large'))
  })

  test('does not let a group that reads slowly hold up another', async () => {
    await using on = await ground()
    await publish(on, ids(0, 400))
    const slow = await on.engine.subscribe({
      group: `${on.group}.slow`,
      member: 'slow',
      topics: [on.topic],
      start: 'start',
      rewind: 'allowed',
      sessionTimeoutMs: 6_000,
      heartbeatEveryMs: 500,
      blockedMs: 60_000,
      fetch: { maxRecords: 1, maxBytes: 1_000_000 },
    })
    const reading = slow[Symbol.asyncIterator]()
    for (let batches = 0; batches < 8; batches++) await reading.next()
    const quick = await join(on, 'quick')
    await until('the quick one has all', () => quick.records.length === 400, 5_000)
    await slow.close()
  })

  for (const groupProtocol of ['classic'] as const) {
    test(`gives what a killed member had to others within its session and a second (${groupProtocol})`, {
      timeout: 60_000,
    }, async () => {
      await using on = await ground({ partitions: 1, groupProtocol })
      await publish(on, ['a'], 1)
      const child = spawn(process.execPath, [program, brokerUrl ?? '', on.group, on.topic, groupProtocol], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      let reads = 0
      createInterface({ input: child.stdout }).on('line', (line) => (reads += line.includes('seen') ? 1 : 0))
      await until('the process has its record', () => reads > 0)
      const heir = await join(on, 'heir')
      child.kill('SIGKILL')
      const killedMs = performance.now()
      await until('the heir has it', () => heir.records.length === 1)
      expect(performance.now() - killedMs).toBeLessThan(6_000 + 1_000 + 500)
    })
  }
})

/** An event whose headers and value are as large as one may be. */
function largest(id: string): CloudEvent {
  const event = {
    specversion: '1.0',
    id,
    source: '/a',
    type: 'a',
    datacontenttype: 'application/json',
  } as const
  const attributes = Object.entries(event).reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  // Two quotes; in the headers the names have a prefix of three letters, but for content-type.
  const rest = limits.eventBytes - attributes - 2 - 4 * 3 - ('content-type'.length - 'datacontenttype'.length)
  return { ...event, data: 'x'.repeat(rest) }
}
