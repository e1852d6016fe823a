import { expect, test } from 'vitest'
import { seededRandom } from '../kernel/index.ts'
import { emptyGroup, LogTransport } from '../log/index.ts'
import { MemoryDeadLetterStore } from '../memory/dead-letter-store.ts'
import { MemoryLogStore } from '../memory/log-store.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { openBus } from './bus.ts'
import { encodeCommitState } from './commit-state.ts'
import { catalog, gate, placed } from './orders.fixture.ts'

const groups = ['billing', 'shipping']

/** How many handlers are at work, in two groups of one bus, after processes have died so often with their first events. */
async function atWorkAfter(deaths: number): Promise<{ readonly atWork: number; readonly handled: number }> {
  const clock = new VirtualClock()
  const store = new MemoryLogStore(clock)
  const transport = Object.assign(new LogTransport(store, clock), {
    deadLetters: new MemoryDeadLetterStore(store),
    probe: async () => ({ version: '', durability: [] }),
  })
  const bus = await openBus({
    transport,
    source: '/tests',
    catalog,
    clock,
    random: seededRandom(1),
    drainOn: false,
    report: () => undefined,
  })
  for (const orderId of ['a', 'b', 'c', 'd']) await bus.publish(placed, { orderId, number: 1 })
  const attempts = new Map(deaths === 0 ? [] : [[0, deaths] as const])
  for (const group of groups) {
    const granted = [0, 1].map((partition) => ({ topic: 'orders', partition, generation: 1 }))
    await store.saveGroup(group, { ...emptyGroup, generation: 1 }, 0, granted)
    const state = encodeCommitState(0, { finished: [], attempts, begun: 1 })
    await store.commit(
      group,
      granted.map((each) => ({ ...each, offset: 0, state })),
    )
  }
  const door = gate()
  let atWork = 0
  let handled = 0
  for (const group of groups) {
    void bus
      .group(group)
      .on(placed, async () => {
        atWork += 1
        await door.opened
        handled += 1
      })
      .run()
  }
  await clock.advance(1_000)
  const before = atWork
  door.open()
  await clock.advance(1_000)
  const closing = bus.close()
  await clock.advance(60_000)
  await closing
  return { atWork: before, handled }
}

test('Events that a process may have died with are tried beside each other, one in each partition', async () => {
  expect(await atWorkAfter(0)).toEqual({ atWork: 4, handled: 8 })
})

test('Events that processes have died with again are tried alone in their process: so the next death names one', async () => {
  expect(await atWorkAfter(2)).toEqual({ atWork: 1, handled: 8 })
})
