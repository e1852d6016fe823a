import {
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openBus } from '../bus/index.ts'
import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { constant } from '../kernel/index.ts'
import { memoryDeadLetters } from '../memory/index.ts'
import { eventbridge } from './eventbridge.ts'
import { openGround, placed, publish, until } from './group.fixture.ts'
import { busUrl, describeOnMoto, motoUrl } from './moto.fixture.ts'

const client = { region: 'us-east-1', endpoint: motoUrl ?? '' }

/** URLs of the queues of a test, by what their names begin with. */
async function queuesOf(prefix: string): Promise<readonly string[]> {
  const sqs = new SQSClient(client)
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: prefix }))
  return QueueUrls
}

describeOnMoto('A group on EventBridge', () => {
  test('makes a poison event a dead letter, retried in place, while the others flow', async () => {
    await using ground = await openGround({ deadLetters: memoryDeadLetters() })
    const seen = new Set<number>()
    const attempts: number[] = []
    const group = ground.bus
      .group('billing', { retry: { attempts: 3, backoff: constant(50) } })
      .on(placed, ({ event, attempt }) => {
        const { number } = event.data
        if (number !== 7) return void seen.add(number)
        attempts.push(attempt)
        throw new Error('It cannot be handled.')
      })
    const running = group.run()
    await group.joined()
    await publish(ground, 0, 200)
    await until('the others are through', () => seen.size === 199)
    await until('there is a dead letter', async () => (await ground.bus.deadLetters.count()) === 1)
    expect(attempts).toEqual([1, 2, 3])
    const { entries } = await ground.bus.deadLetters.list()
    expect(entries.map(({ reason, attempts: tried }) => [reason, tried])).toEqual([['handler_failed', 3]])
    await group.caughtUp()
    await group.stop()
    await running
  })

  test('redrives a dead letter to the group that failed, once', async () => {
    await using ground = await openGround({ deadLetters: memoryDeadLetters() })
    let works = false
    const seen: number[] = []
    const handle = (name: string) =>
      ground.bus.group(name, { retry: { attempts: 1 } }).on(placed, ({ event }) => {
        if (!works) throw new Error('Not yet.')
        seen.push(event.data.number)
      })
    const group = handle('billing')
    const other = handle('audit')
    const running = [group.run(), other.run()]
    await Promise.all([group.joined(), other.joined()])
    await publish(ground, 0, 1)
    const { deadLetters } = ground.bus
    await until('there are dead letters', async () => (await deadLetters.count()) === 2)
    const [entry] = (await deadLetters.list({ group: 'billing' })).entries
    const id = entry?.id ?? ''
    await deadLetters.request([id])
    await until('it has failed again', async () => (await deadLetters.get(id))?.state === 'dead')
    expect(await deadLetters.count()).toBe(2)
    works = true
    expect(await deadLetters.request([id])).toEqual([id])
    await until('it is handled', async () => (await deadLetters.get(id))?.state === 'handled')
    expect(seen).toEqual([0])
    await Promise.all([group.stop(), other.stop()])
    await Promise.all(running)
  })

  test('keeps dead letters in a queue of SQS for want of a store, with the reason', async () => {
    await using ground = await openGround()
    const group = ground.bus.group('billing', { retry: { attempts: 1 } }).on(placed, () => {
      throw new Error('The card is declined.')
    })
    const running = group.run()
    await group.joined()
    await publish(ground, 0, 1)
    await until('there is a dead letter', async () => (await ground.bus.deadLetters.count()) === 1)
    await group.caughtUp()
    const url = (await queuesOf(`${ground.namespace}_billing`)).find((name) => name.endsWith('-dead'))
    const received = await new SQSClient(client).send(
      new ReceiveMessageCommand({ QueueUrl: url, MessageAttributeNames: ['All'] }),
    )
    const [message] = received.Messages ?? []
    expect(JSON.parse(message?.Body ?? '')).toMatchObject({
      type: 'com.example.orders.placed',
      data: { number: 0 },
    })
    const attributes = Object.entries(message?.MessageAttributes ?? {}).map(([name, { StringValue }]) => [
      name,
      StringValue,
    ])
    expect(Object.fromEntries(attributes)).toMatchObject({
      'tidings-reason': 'handler_failed',
      'tidings-message': 'Error: The card is declined.',
      'tidings-attempts': '1',
    })
    for (const asked of [
      () => ground.bus.deadLetters.list(),
      () => ground.bus.deadLetters.request(['x']),
      () => ground.bus.deadLetters.discard('x', 'a test'),
    ])
      await expect(asked()).rejects.toMatchObject({ code: 'capability_missing' })
    await group.stop()
    await running
  })

  test('shares the work among its members', async () => {
    await using one = await openGround({ prefetch: 10 })
    await using two = await openGround({ url: one.url, namespace: one.namespace, prefetch: 10 })
    const by = new Map<string, number>()
    const member = (bus: typeof one.bus, name: string) =>
      bus.group('billing', { member: name }).on(placed, async () => {
        by.set(name, (by.get(name) ?? 0) + 1)
        await sleep(20)
      })
    const members = [member(one.bus, 'first'), member(two.bus, 'second')]
    const running = members.map((each) => each.run())
    await Promise.all(members.map((each) => each.joined()))
    await publish(one, 0, 400)
    await until('all are handled', () => (by.get('first') ?? 0) + (by.get('second') ?? 0) >= 400)
    for (const name of ['first', 'second']) expect(by.get(name)).toBeGreaterThan(40)
    await Promise.all(members.map((each) => each.stop()))
    await Promise.all(running)
  })

  test('keeps an event from others as long as its handler runs', async () => {
    await using ground = await openGround({ visibilityMs: 3_000 })
    const attempts: number[] = []
    const group = ground.bus.group('billing').on(placed, async ({ attempt }) => {
      attempts.push(attempt)
      await sleep(8_000)
    })
    const running = group.run()
    await group.joined()
    await publish(ground, 0, 1)
    await until('it is at work', () => attempts.length === 1)
    await group.caughtUp()
    expect(attempts).toEqual([1])
    await group.stop()
    await running
  })

  test('goes on when somebody has deleted its queue, with what is published from then on', async () => {
    await using ground = await openGround()
    const seen = new Set<number>()
    const group = ground.bus.group('billing').on(placed, ({ event }) => void seen.add(event.data.number))
    const running = group.run()
    await group.joined()
    await publish(ground, 0, 10)
    await until('the first are through', () => seen.size === 10)
    const before = await queuesOf(`${ground.namespace}_billing`)
    const sqs = new SQSClient(client)
    for (const QueueUrl of before) await sqs.send(new DeleteQueueCommand({ QueueUrl }))
    await until('it is made anew', async () => (await queuesOf(`${ground.namespace}_billing`)).length === 1)
    await group.caughtUp()
    await publish(ground, 100, 200)
    await until('the others are through', () => seen.size === 110)
    await group.stop()
    await running
  })

  test('reads a FIFO queue', async () => {
    const namespace = 'fifo'
    const queues = { 'fifo.billing': { 'fifo.orders': { fifo: true } } }
    await using ground = await openGround({ namespace, queues })
    const seen = new Set<number>()
    const group = ground.bus.group('billing').on(placed, ({ event }) => void seen.add(event.data.number))
    const running = group.run()
    await group.joined()
    await publish(ground, 0, 50)
    await until('all are through', () => seen.size === 50)
    await group.stop()
    await running
    const url = (await queuesOf('fifo_billing')).find((name) => name.endsWith('.fifo'))
    const asked = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['FifoQueue'] })
    expect((await new SQSClient(client).send(asked)).Attributes?.FifoQueue).toBe('true')
  })
})

describeOnMoto('Events that others put on the bus', () => {
  const stopped = defineEvent('Instance State-change Notification')
    .version(1, { type: 'object', properties: { state: { type: 'string' } }, required: ['state'] } as const)
    .subject(() => 'instances')
  const catalog = defineCatalog([defineTopic('instances', { partitions: 2, events: [stopped] })])

  test('are CloudEvents of the topic that their pattern is given for', async () => {
    const url = busUrl({ bus: 'default' })
    const transport = await eventbridge(url, { waitMs: 1_000, events: { instances: { source: ['my.ec2'] } } })
    await using bus = await openBus({ transport, source: '/watcher', catalog, drainOn: false })
    const seen: object[] = []
    const group = bus
      .group('watcher', { assumeVersion: { [stopped.type]: 1 } })
      .on(stopped, ({ event }) => void seen.push(event))
    const running = group.run()
    await group.joined()
    const entry = {
      Source: 'my.ec2',
      DetailType: stopped.type,
      Detail: '{"state":"stopped"}',
      Resources: ['arn:aws:i-1'],
    }
    await new EventBridgeClient(client).send(
      new PutEventsCommand({ Entries: [entry, { ...entry, Source: 'another' }] }),
    )
    await until('it is handled', () => seen.length === 1)
    expect(seen).toMatchObject([
      {
        source: 'my.ec2',
        type: stopped.type,
        subject: 'arn:aws:i-1',
        awsregion: 'us-east-1',
        data: { state: 'stopped' },
      },
    ])
    await bus.admin.lag('watcher')
    await group.stop()
    await running
    await bus.admin.forget('watcher')
  })
})
