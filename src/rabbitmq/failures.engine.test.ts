import { randomUUID } from 'node:crypto'
import { connect } from 'amqplib'
import { expect, test } from 'vitest'
import { constant } from '../kernel/index.ts'
import { brokerUrl, describeOnBroker } from './broker.fixture.ts'
import { openGround, placed, publish, until } from './group.fixture.ts'
import { queueOf } from './queues.ts'
import { rabbitmq } from './rabbitmq.ts'

/** What another program does on the broker. */
async function onBroker<Answer>(
  act: (
    channel: Awaited<ReturnType<Awaited<ReturnType<typeof connect>>['createChannel']>>,
  ) => Promise<Answer>,
): Promise<Answer> {
  const connection = await connect(brokerUrl ?? '')
  try {
    return await act(await connection.createChannel())
  } finally {
    await connection.close()
  }
}

describeOnBroker('A group on RabbitMQ', () => {
  test('makes a poison event a dead letter, retried in place, while the others flow in their order', async () => {
    await using ground = await openGround()
    const seen: number[] = []
    const attempts: number[] = []
    const group = ground.bus
      .group('billing', { retry: { attempts: 3, backoff: constant(50) } })
      .on(placed, ({ event, attempt }) => {
        const { number } = event.data
        if (number === 7) {
          attempts.push(attempt)
          throw new Error('It cannot be handled.')
        }
        seen.push(number)
      })
    const running = group.run()
    await group.joined()
    await publish(ground, 0, 300)
    await group.caughtUp()
    expect(attempts).toEqual([1, 2, 3])
    expect(new Set(seen).size).toBe(299)
    // 107 and 207 are of the same key, and come after it was given up.
    expect(seen.filter((number) => number % 100 === 7)).toEqual([107, 207])
    const { entries } = await ground.bus.deadLetters.list()
    expect(entries.map(({ reason, attempts: tried }) => [reason, tried])).toEqual([['handler_failed', 3]])
    await group.stop()
    await running
  })

  test('redrives a dead letter to the group that failed', async () => {
    await using ground = await openGround()
    let works = false
    const seen: number[] = []
    const group = ground.bus.group('billing', { retry: { attempts: 1 } }).on(placed, ({ event }) => {
      if (!works) throw new Error('Not yet.')
      seen.push(event.data.number)
    })
    const running = group.run()
    await group.joined()
    await publish(ground, 0, 1)
    await until('there is a dead letter', async () => (await ground.bus.deadLetters.count()) === 1)
    works = true
    const [entry] = (await ground.bus.deadLetters.list()).entries
    await ground.bus.deadLetters.request([entry?.id ?? ''])
    await until('it is handled', () => seen.length === 1)
    await group.stop()
    await running
  })

  test('shares its partitions within five seconds of a second member joining', async () => {
    await using one = await openGround()
    await using two = await openGround({ namespace: one.namespace })
    const by = new Set<string>()
    const handled = new Set<number>()
    const member = (bus: typeof one.bus, name: string) =>
      bus.group('billing', { member: name }).on(placed, ({ event }) => {
        by.add(name)
        handled.add(event.data.number)
      })
    const first = member(one.bus, 'first')
    const second = member(two.bus, 'second')
    const held = async (): Promise<readonly number[]> => {
      const [info] = await one.bus.admin.groups()
      return (info?.members ?? []).map(({ partitions }) => partitions.length)
    }
    const running = [first.run()]
    await first.joined()
    await until('the first has all', async () => String(await held()) === '8')
    const fromMs = Date.now()
    running.push(second.run())
    await until('both have half', async () => String(await held()) === '4,4')
    expect(Date.now() - fromMs).toBeLessThan(5_000)
    await publish(one, 0, 400)
    // On a machine that is busy a lease may end meanwhile, and what was in hand comes again.
    await until('all are handled', () => handled.size === 400)
    expect(by.size).toBe(2)
    await Promise.all([first.stop(), second.stop()])
    await Promise.all(running)
  })

  test('goes on however often somebody deletes its queues, with what is published from then on', async () => {
    await using ground = await openGround()
    const seen = new Set<number>()
    const group = ground.bus.group('billing').on(placed, ({ event }) => void seen.add(event.data.number))
    const running = group.run()
    await group.joined()
    await publish(ground, 0, 100)
    await until('the first are through', () => seen.size === 100)
    const name = (part: string): string => `${ground.namespace}.${part}`
    for (const next of [100, 300, 500]) {
      await onBroker(async (channel) => {
        for (let partition = 0; partition < 8; partition++)
          await channel.deleteQueue(queueOf(name('billing'), name('orders'), partition))
      })
      // Nobody else reads the topic, so that what is published meanwhile comes back, and is published again.
      await publish(ground, next, next + 200)
      await until(`all to ${next + 200} are through`, () => seen.size === next + 200)
    }
    await group.stop()
    await running
  })

  test('handles what was published when somebody had deleted the exchange', async () => {
    await using ground = await openGround()
    const seen = new Set<number>()
    const group = ground.bus.group('billing').on(placed, ({ event }) => void seen.add(event.data.number))
    const running = group.run()
    await group.joined()
    await onBroker((channel) => channel.deleteExchange(`${ground.namespace}.orders`))
    await publish(ground, 0, 200)
    await until('all are through', () => seen.size === 200)
    await group.stop()
    await running
  })

  test('is refused when its retries may take longer than RabbitMQ waits', async () => {
    await using ground = await openGround({ consumerTimeoutMs: 60_000 })
    expect(() => ground.bus.group('billing')).toThrow(/^option_invalid: .* wants it acknowledged within 1 m/)
    ground.bus.group('billing', { retry: { attempts: 2, backoff: constant('1s') }, handlerTimeout: '20s' })
  })

  test('keeps nothing for a group that is yet to come, and says so', async () => {
    await using ground = await openGround()
    await expect(
      ground.transport.subscribe({
        group: `${ground.namespace}.late`,
        member: 'one',
        topics: [`${ground.namespace}.orders`],
        start: 'start',
        rewind: 'refused',
        sessionTimeoutMs: 10_000,
        heartbeatEveryMs: 3_000,
        blockedMs: 60_000,
        fetch: { maxRecords: 1, maxBytes: 1 },
      }),
    ).rejects.toMatchObject({ code: 'capability_missing' })
    await expect(
      ground.transport.admin.read('orders', 0, 0, { maxRecords: 1, maxBytes: 1 }),
    ).rejects.toMatchObject({
      code: 'capability_missing',
    })
  })
})

describeOnBroker('Opening RabbitMQ', () => {
  test('is refused with a wrong password, which is not shown', async () => {
    const url = (brokerUrl ?? '').replace('guest:guest@', 'guest:wr0ng@')
    const opening = rabbitmq(url)
    await expect(opening).rejects.toMatchObject({ code: 'access_denied' })
    await expect(opening).rejects.not.toThrow('wr0ng')
  })

  test('is refused for a virtual host that is not there', async () => {
    const opening = rabbitmq(`${brokerUrl}/${randomUUID()}`)
    await expect(opening).rejects.toMatchObject({ code: 'access_denied' })
  })
})
