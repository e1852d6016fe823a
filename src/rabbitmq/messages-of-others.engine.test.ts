import { connect } from 'amqplib'
import { expect, test } from 'vitest'
import { encodeAmqp } from '../event/index.ts'
import { brokerUrl, describeOnBroker } from './broker.fixture.ts'
import { openGround, placed, until } from './group.fixture.ts'

describeOnBroker('What others publish to an exchange of RabbitMQ', () => {
  test('is handled as an event of the declared type, as a CloudEvent in both modes, or a dead letter', async () => {
    const namespace = `t-${process.pid}-${Date.now().toString(36)}`
    const messages = { [`${namespace}.orders`]: { type: placed.type, source: '/legacy' } }
    await using ground = await openGround({ namespace, messages })
    const seen: unknown[] = []
    const group = ground.bus
      .group('billing', { assumeVersion: { [placed.type]: 1 } })
      .on(placed, ({ event }) => void seen.push([event.source, event.id, event.data.number]))
    const running = group.run()
    await group.joined()
    const connection = await connect(brokerUrl ?? '')
    const channel = await connection.createChannel()
    const say = (content: Uint8Array, properties: object): void =>
      void channel.publish(`${namespace}.orders`, '3', Buffer.from(content), properties)
    say(Buffer.from('{"number":1}'), { messageId: 'm-1' })
    const event = { specversion: '1.0', source: '/theirs', type: placed.type } as const
    for (const [id, mode] of [
      ['binary', 'binary'],
      ['structured', 'structured'],
    ] as const) {
      const { content, ...properties } = encodeAmqp({ ...event, id, data: { number: 2 } }, { mode })
      say(content, properties)
    }
    say(Buffer.from('no JSON'), { messageId: 'm-2' })
    await until('three are handled', () => seen.length === 3)
    await until('one is a dead letter', async () => (await ground.bus.deadLetters.count()) === 1)
    expect(seen).toEqual([
      ['/legacy', 'm-1', 1],
      ['/theirs', 'binary', 2],
      ['/theirs', 'structured', 2],
    ])
    await connection.close()
    await group.stop()
    await running
  })
})
