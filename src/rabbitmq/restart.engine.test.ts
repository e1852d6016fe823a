import { expect, test } from 'vitest'
import { describeOnBroker, OwnNode } from './broker.fixture.ts'
import { openGround, placed, publish, until } from './group.fixture.ts'

const count = 10_000

describeOnBroker('RabbitMQ that restarts', () => {
  test('loses nothing, and keeps the order of each key', { timeout: 240_000 }, async () => {
    await using node = await OwnNode.start()
    await using ground = await openGround({ url: node.url, deliveryMs: 120_000 })
    const seen = new Set<number>()
    const last = new Map<string, number>()
    const disordered: number[] = []
    const group = ground.bus.group('billing').on(placed, ({ event }) => {
      const { number } = event.data
      const before = last.get(event.subject ?? '') ?? -1
      if (!seen.has(number) && number < before) disordered.push(number)
      last.set(event.subject ?? '', Math.max(before, number))
      seen.add(number)
    })
    const running = group.run()
    await group.joined()
    const publishing = publish(ground, 0, count)
    for (const [third, signal] of [
      [1, 'SIGTERM'],
      [2, 'SIGKILL'],
    ] as const) {
      await until(`${third} third is through`, () => seen.size >= (third * count) / 3)
      await node.stop(signal)
      await node.startAgain()
    }
    await publishing
    await until('all are through', () => seen.size === count)
    expect(disordered).toEqual([])
    await group.caughtUp()
    const [waiting] = await ground.bus.admin.lag('billing')
    expect(waiting?.lag).toBe(0)
    await group.stop()
    await running
  })
})
