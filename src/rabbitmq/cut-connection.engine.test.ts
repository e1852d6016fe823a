import { connect as connectSocket, createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { sqliteInbox } from '../sqlite/index.ts'
import { brokerUrl, describeOnBroker } from './broker.fixture.ts'
import { openGround, placed, publish, until } from './group.fixture.ts'

/** A way to the broker that can be cut: what the broker says is held back first, then both ends are closed. */
async function openWay(): Promise<Disposable & { readonly url: string; cut(): void; holdBack(): void }> {
  const url = new URL(brokerUrl ?? '')
  const sockets = new Set<Socket>()
  let open = true
  const server = createServer((near) => {
    const far = connectSocket(Number(url.port), url.hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => (near.destroy(), far.destroy()))
    }
    near.pipe(far)
    far.on('data', (data: Buffer) => {
      if (open) near.write(data)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  return {
    url: `amqp://${url.username}:${url.password}@127.0.0.1:${port}`,
    holdBack: () => (open = false),
    cut() {
      destroyAll()
      open = true
    },
    [Symbol.dispose]() {
      destroyAll()
      server.close()
    },
  }
}

describeOnBroker('A connection to RabbitMQ that is cut', () => {
  test('in the middle of confirms has events stored twice, and effects once', async () => {
    using way = await openWay()
    await using publisher = await openGround({ url: way.url })
    await using consumer = await openGround({ namespace: publisher.namespace })
    const deliveries: number[] = []
    const effects: number[] = []
    const counting = consumer.bus
      .group('counting')
      .on(placed, ({ event }) => void deliveries.push(event.data.number))
    const billing = consumer.bus
      .group('billing', { inbox: sqliteInbox(':memory:') })
      .on(placed, ({ event }) => void effects.push(event.data.number))
    const running = [counting.run(), billing.run()]
    await Promise.all([counting.joined(), billing.joined()])
    // Its channel is there then, and what follows needs no answer to be sent.
    await publish(publisher, 0, 1)
    await until('the first is there', () => deliveries.length === 1)
    way.holdBack()
    const publishing = publish(publisher, 1, 100)
    await until('the broker has them', () => deliveries.length === 100)
    way.cut()
    await publishing
    await until('they are there once more', () => deliveries.length === 199)
    await billing.caughtUp()
    expect(effects.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, number) => number))
    await Promise.all([counting.stop(), billing.stop()])
    await Promise.all(running)
  })

  test('aborts the signals of its deliveries, and delivers them again', async () => {
    using way = await openWay()
    await using ground = await openGround({ url: way.url })
    const begun: number[] = []
    let aborted = false
    const group = ground.bus.group('billing').on(placed, async ({ event, signal }) => {
      begun.push(event.data.number)
      if (begun.length > 1) return
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      aborted = true
    })
    const running = group.run()
    await group.joined()
    await publish(ground, 0, 1)
    await until('it is in hand', () => begun.length === 1)
    way.cut()
    await until('its signal has aborted', () => aborted)
    await until('it is delivered again', () => begun.length === 2)
    await group.caughtUp()
    await group.stop()
    await running
  })
})
