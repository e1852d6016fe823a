import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBus } from '../bus/index.ts'
import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { isTidingsError } from '../kernel/index.ts'
import { describeOnBroker, OwnBroker } from './broker.fixture.ts'
import { emptied } from './emptied.fixture.ts'
import { ground, ids, join, publish, until } from './group.fixture.ts'
import { kafka } from './kafka.ts'

const numbered = defineEvent('com.example.numbered')
  .version(1, { type: 'object', properties: { number: { type: 'number' } }, required: ['number'] } as const)
  .subject(({ number }) => `keys/${number % 50}`)
const catalog = defineCatalog([defineTopic('numbers', { partitions: 4, events: [numbered] })])

describeOnBroker('A broker that is lost', () => {
  let broker: OwnBroker
  beforeAll(async () => {
    broker = await OwnBroker.start()
  }, 90_000)
  afterAll(() => broker[Symbol.asyncDispose]())

  test('at one third and at two thirds of 10,000 events loses none of them, and no key its order', {
    timeout: 180_000,
  }, async () => {
    const count = 10_000
    const source = '/numbers'
    await using bus = await openBus({ transport: await kafka(broker.url), source, catalog })
    const seen = new Map<string, number[]>()
    const handled = new Set<number>()
    const group = bus.group('counting', { start: 'start' }).on(numbered, async ({ event }) => {
      const key = event.subject ?? ''
      const of = seen.get(key) ?? []
      seen.set(key, of)
      if (!handled.has(event.data.number)) of.push(event.data.number)
      handled.add(event.data.number)
    })
    const running = group.run()
    let acknowledged = 0
    const publishing: Promise<unknown>[] = []
    let restarted = Promise.resolve()
    const restart = (signal: NodeJS.Signals): void =>
      void (restarted = restarted.then(() => broker.stop(signal)).then(() => broker.startAgain()))
    for (let number = 0; number < count; number++) {
      publishing.push(bus.publish(numbered, { number }).then(() => (acknowledged += 1)))
      if (number % 100 === 99) await Promise.all(publishing.splice(0, 100).slice(0, 50))
      const third = Math.floor(count / 3)
      if (number === third || number === 2 * third) {
        // In order the first time, then as a crash.
        restart(number === third ? 'SIGTERM' : 'SIGKILL')
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    await Promise.all([...publishing, restarted])
    expect(acknowledged).toBe(count)
    await until('all are handled', () => handled.size === count, 60_000)
    for (const numbers of seen.values()) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    await bus.drain()
    await running
  })

  test('tells publishers, goes on with members when it is back, and opens nothing meanwhile', {
    timeout: 120_000,
  }, async () => {
    await emptied(broker.url)
    await using on = await ground({ url: broker.url, deliveryMs: 2_000, partitions: 2 })
    const member = await join(on, 'one')
    await publish(on, ids(0, 2), 2)
    await until('it is read', () => member.seen.length === 2)
    await broker.stop()
    const failure = await publish(on, ids(2, 6), 2).catch((error: unknown) => error)
    expect(
      isTidingsError(failure, 'publish_failed') && failure.details.failed.map(({ index }) => index),
    ).toEqual([0, 1, 2, 3])
    await expect(kafka(broker.url)).rejects.toThrow(
      /engine_unreachable: Kafka at 127\.0\.0\.1:\d+ does not answer/,
    )
    await broker.startAgain()
    await publish(on, ids(6, 10), 2)
    await until('the rest is read', () => ids(6, 10).every((id) => member.seen.includes(id)))
    expect(member.ended).toBeUndefined()
  })

  test('is not waited for by a program that closes', { timeout: 60_000 }, async () => {
    const on = await ground({ url: broker.url, deliveryMs: 2_000, partitions: 2 })
    await join(on, 'one')
    await broker.stop('SIGKILL')
    const startedMs = performance.now()
    await on.engine.close()
    expect(performance.now() - startedMs).toBeLessThan(15_000)
    await broker.startAgain()
  })
})

describeOnBroker('A topic that others delete', () => {
  test('is missing to publishers, and is read on when it is there again', { timeout: 90_000 }, async () => {
    await using broker = await OwnBroker.start()
    await using on = await ground({ url: broker.url, deliveryMs: 1_000, partitions: 2 })
    const member = await join(on, 'one')
    await publish(on, ids(0, 2), 2)
    await until('it is read', () => member.seen.length === 2)
    await emptied(broker.url, [on.topic])
    const failure = await publish(on, ids(2, 4), 2).catch((error: unknown) => error)
    expect(isTidingsError(failure) && ['topic_missing', 'publish_failed'].includes(failure.code)).toBe(true)
    expect(String(failure)).toContain('topic')
    const retention = { ageMs: undefined, bytes: undefined }
    await on.engine.admin.createTopic({ name: on.topic, partitions: 2, retention })
    await publish(on, ids(4, 8), 2)
    await until('what came since is read', () => ids(4, 8).every((id) => member.seen.includes(id)))
    expect(member.ended).toBeUndefined()
  })
})

describeOnBroker('A port where nobody listens', () => {
  test('is said when it is opened', async () => {
    const opening = kafka('kafka://127.0.0.1:1')
    await expect(opening).rejects.toThrow('engine_unreachable: Kafka at 127.0.0.1:1 does not answer')
  })
})
