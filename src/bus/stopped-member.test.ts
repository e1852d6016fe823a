import { expect, test } from 'vitest'
import { LogTransport } from '../log/index.ts'
import { StoppableClock } from '../log/member.fixture.ts'
import { MemoryDeadLetterStore } from '../memory/dead-letter-store.ts'
import { MemoryLogStore } from '../memory/log-store.ts'
import { settle } from '../testing/index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { openBus } from './bus.ts'
import type { Group } from './group.ts'
import { catalog, gate, placed } from './orders.fixture.ts'

const sessionTimeoutMs = 10_000

const started: string[] = []
const note = ({ event, attempt }: { event: { data: { number: number } }; attempt: number }): void => {
  started.push(`${event.data.number} attempt ${attempt}`)
}

/** How a group handles events: the first handler to be started waits for the gate. */
const ways = {
  'one by one': (group, first) =>
    group.on(placed, async (delivery) => {
      note(delivery)
      if (started.length === 1) await first.opened
    }),
  'in batches': (group, first) =>
    group.onBatch(placed, { max: 1, waitMs: 0 }, async (deliveries) => {
      for (const delivery of deliveries) note(delivery)
      if (started.length === 1) await first.opened
    }),
} satisfies Record<
  string,
  (group: Group<'com.example.orders.placed'>, first: ReturnType<typeof gate>) => unknown
>

test.each(Object.entries(ways))(
  'A member that wakes after its lease begins nothing of what it holds in memory: %s',
  async (_, handle) => {
    started.length = 0
    const time = new VirtualClock()
    const clock = new StoppableClock(time)
    const log = new MemoryLogStore(time)
    const transport = Object.assign(new LogTransport(log, clock), {
      deadLetters: new MemoryDeadLetterStore(log),
      probe: async () => ({ version: '', durability: [] }),
    })
    await using bus = await openBus({ transport, source: '/tests', catalog, clock, drainOn: false })
    const first = gate()
    const group = bus.group('billing', { sessionTimeout: sessionTimeoutMs })
    handle(group, first)
    await group.joined()
    await bus.publishAll([1, 2].map((number) => placed.create({ orderId: 'o-1', number })))
    await time.advance(1)
    expect(started).toEqual(['1 attempt 1'])

    clock.stop()
    await time.advance(sessionTimeoutMs)
    clock.wake()
    first.open()
    await settle()
    // It joins again and goes on from its last commit; out of its memory, the second would have followed in its first attempt.
    expect(started.slice(1)).toEqual(['1 attempt 2', '2 attempt 2'])
  },
)
