import { describe, expect, test } from 'vitest'
import type { CloudEvent } from '../event/index.ts'
import type { InboxStore } from '../inbox/index.ts'
import { type MemoryTransact, memoryInbox } from '../memory/index.ts'
import { settle } from '../testing/virtual-clock.ts'
import type { BatchDelivery, BatchOptions } from './index.ts'
import { type Fixture, fast, gate, openFixture, paid, placed } from './orders.fixture.ts'

const nameOf = (event: CloudEvent | undefined): string => {
  const { orderId, number } = (event?.data ?? {}) as { orderId?: string; number?: number }
  return `${orderId}${number}`
}
const name = ({ event }: BatchDelivery): string => nameOf(event)

/** A group of which the test says what its handler of batches does. */
class Batches {
  readonly seen: string[][] = []
  readonly #fixture: Fixture
  fails: (deliveries: readonly BatchDelivery[]) => void = () => undefined

  constructor(fixture: Fixture) {
    this.#fixture = fixture
  }

  run(options: BatchOptions = { max: 4, waitMs: 50 }, group: object = {}): void {
    void this.#fixture.bus
      .group('analytics', { start: 'start', retry: fast, ...group })
      .onBatch(placed, options, async (deliveries) => {
        this.seen.push(deliveries.map(name))
        this.fails(deliveries)
      })
      .run()
  }

  outcomes(): string[] {
    return this.#fixture.reports.map(
      ({ outcome, attempt, event }) => `${nameOf(event)} ${outcome} ${attempt}`,
    )
  }
}

const failing =
  (bad: string) =>
  (deliveries: readonly BatchDelivery[]): void => {
    if (deliveries.some((each) => name(each) === bad)) throw new Error('down')
  }

describe('A handler of batches', () => {
  test('gets events of one partition in its order, as many as it takes or as came while it waited', async () => {
    await using fixture = await openFixture()
    const batches = new Batches(fixture)
    batches.run()
    await fixture.place('a', 'a', 'a', 'a', 'a', 'a')
    await fixture.clock.advance(49)
    expect(batches.seen).toEqual([['a0', 'a1', 'a2', 'a3']])
    await fixture.clock.advance(1)
    expect(batches.seen).toEqual([
      ['a0', 'a1', 'a2', 'a3'],
      ['a4', 'a5'],
    ])
  })

  test('gets events that come while it waits with those that were there', async () => {
    await using fixture = await openFixture()
    const batches = new Batches(fixture)
    batches.run({ max: 10, waitMs: 50 })
    await fixture.place('a')
    await fixture.clock.advance(30)
    await fixture.place('a')
    await fixture.clock.advance(20)
    expect(batches.seen).toEqual([['a0', 'a1']])
  })

  test('handles one batch of a partition at a time, while the next one fills', async () => {
    await using fixture = await openFixture()
    const door = gate()
    const seen: string[][] = []
    void fixture.bus
      .group('analytics', { start: 'start' })
      .onBatch(placed, { max: 2, waitMs: 50 }, async (deliveries) => {
        seen.push(deliveries.map(name))
        await door.opened
      })
      .run()
    await fixture.place('a', 'a', 'a')
    await fixture.clock.advance(1_000)
    await fixture.place('a')
    await fixture.clock.advance(1_000)
    expect(seen).toEqual([['a0', 'a1']])
    door.open()
    await fixture.clock.advance(1_000)
    expect(seen).toEqual([
      ['a0', 'a1'],
      ['a2', 'a3'],
    ])
  })

  test('shares a key with handlers of single events: each waits for the one before', async () => {
    await using fixture = await openFixture()
    const seen: string[] = []
    void fixture.bus
      .group('analytics', { start: 'start' })
      .onBatch(placed, { max: 10, waitMs: 50 }, (deliveries) => void seen.push(...deliveries.map(name)))
      .on(paid, ({ event }) => void seen.push(`paid ${event.data.orderId}`))
      .run()
    await fixture.place('a')
    await fixture.bus.publish(paid, { orderId: 'a' })
    await fixture.place('a')
    await fixture.clock.advance(1_000)
    expect(seen).toEqual(['a0', 'paid a', 'a1'])
  })

  test('is not started when the member stops: what was collected is delivered again', async () => {
    await using fixture = await openFixture()
    const seen: string[] = []
    const bus = await fixture.anotherBus()
    const group = bus
      .group('analytics', { start: 'start' })
      .onBatch(placed, { max: 10, waitMs: 50 }, (deliveries) => void seen.push(...deliveries.map(name)))
    void group.run()
    await fixture.place('a')
    await fixture.clock.advance(10)
    const stopped = group.stop()
    await fixture.clock.advance(1_000)
    await stopped
    expect(seen).toEqual([])
    const batches = new Batches(fixture)
    batches.run()
    await fixture.clock.advance(20_000)
    expect(batches.seen).toEqual([['a0']])
  })

  test('is refused options that make no batch', async () => {
    await using fixture = await openFixture()
    const group = fixture.bus.group('analytics')
    for (const options of [{ max: 0 }, { max: 4_097 }, { max: 1.5 }, { waitMs: -1 }, { waitMs: 60_001 }])
      expect(() => group.onBatch(placed, options, () => undefined)).toThrow(/^option_invalid: .*onBatch/)
    expect(() => group.onBatch(placed, { wait: 5 } as never, () => undefined)).toThrow(/option_invalid/)
  })
})

describe('Where one event of a batch fails', () => {
  test('it alone is attempted again, and its key waits', async () => {
    await using fixture = await openFixture()
    const batches = new Batches(fixture)
    batches.fails = (deliveries) => {
      for (const each of deliveries) if (name(each) === 'a1' && each.attempt < 3) each.fail(new Error('no'))
    }
    batches.run({ max: 4, waitMs: 50 })
    await fixture.place('a', 'a', 'a', 'a')
    await fixture.clock.advance(500)
    expect(batches.seen).toEqual([['a0', 'a1', 'a2', 'a3']])
    await fixture.clock.advance(5_000)
    expect(batches.seen.slice(1)).toEqual([['a1'], ['a1'], ['a2', 'a3']])
    expect(batches.outcomes()).toEqual([
      'a0 handled 1',
      'a1 failed 1',
      'a1 failed 2',
      'a1 handled 3',
      'a2 handled 1',
      'a3 handled 1',
    ])
  })

  test('it becomes a dead letter after its attempts, and the others are handled', async () => {
    await using fixture = await openFixture()
    const batches = new Batches(fixture)
    batches.fails = (deliveries) => {
      for (const each of deliveries) if (name(each) === 'b1') each.fail('no')
    }
    batches.run({ max: 10, waitMs: 50 })
    await fixture.place('a', 'b', 'c')
    await fixture.clock.advance(10_000)
    const { entries } = await fixture.bus.deadLetters.list()
    expect(entries.map(({ attempts, message }) => [attempts, message])).toEqual([
      [3, expect.stringContaining('"no"')],
    ])
    expect(batches.outcomes().filter((each) => each.includes('handled'))).toHaveLength(2)
  })

  test('it and what is behind it in the batch say so, and nothing else does', async () => {
    await using fixture = await openFixture()
    const failed: string[] = []
    const batches = new Batches(fixture)
    batches.fails = (deliveries) => {
      if (failed.length > 0) return
      for (const each of deliveries) if (name(each) === 'a1') each.fail(new Error('no'))
      failed.push(...deliveries.filter((each) => each.failed).map(name))
    }
    batches.run({ max: 4, waitMs: 50 })
    await fixture.place('a', 'a', 'a', 'a')
    await fixture.clock.advance(500)
    expect(failed).toEqual(['a1', 'a2', 'a3'])
  })

  test('an event that breaks its schema is a dead letter at once, without a handler', async () => {
    await using fixture = await openFixture()
    const batches = new Batches(fixture)
    const broken = { ...placed.create({ orderId: 'a', number: 9 }), data: { orderId: 7 } }
    const record = (data: unknown): object => ({
      specversion: '1.0',
      id: String(Math.random()),
      source: '/x',
      type: broken.type,
      subject: 'a',
      dataschema: 'tidings:schemas/com.example.orders.placed/1',
      data,
    })
    const publish = (data: unknown): Promise<void> =>
      fixture.engine.publish(
        [{ topic: 'orders', partition: 0, event: record(data) as never, notBefore: undefined }],
        { tx: undefined },
      )
    await publish({ orderId: 'a', number: 1 })
    await publish({ orderId: 7 })
    await publish({ orderId: 'a', number: 2 })
    batches.run({ max: 10, waitMs: 50 })
    await fixture.clock.advance(1_000)
    expect(batches.seen).toEqual([['a1'], ['a2']])
    expect(fixture.reports.map(({ outcome }) => outcome)).toEqual(['handled', 'dead-letter', 'handled'])
  })
})

describe('Where a whole batch fails', () => {
  test('each of its events is attempted by itself, and only the one at fault is attempted again', async () => {
    await using fixture = await openFixture()
    const batches = new Batches(fixture)
    batches.fails = failing('a1')
    batches.run({ max: 3, waitMs: 50 })
    await fixture.place('a', 'a', 'a')
    await fixture.clock.advance(10_000)
    expect(batches.seen).toEqual([['a0', 'a1', 'a2'], ['a0'], ['a1'], ['a1'], ['a1'], ['a2']])
    expect((await fixture.bus.deadLetters.list()).entries.map(({ attempts }) => attempts)).toEqual([3])
  })

  test('so it is when it takes too long', async () => {
    await using fixture = await openFixture()
    const seen: number[] = []
    void fixture.bus
      .group('analytics', { start: 'start', handlerTimeout: '1s' })
      .onBatch(placed, { max: 2, waitMs: 50 }, async (deliveries, { signal }) => {
        seen.push(deliveries.length)
        if (deliveries.length > 1) await new Promise((resolve) => signal.addEventListener('abort', resolve))
      })
      .run()
    await fixture.place('a', 'a')
    await fixture.clock.advance(5_000)
    expect(seen).toEqual([2, 1, 1])
    expect(fixture.reports.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'handled', 'handled'])
  })
})

describe('With an inbox', () => {
  test('one transaction covers the batch', async () => {
    await using fixture = await openFixture()
    const inbox = memoryInbox({ clock: fixture.clock })
    const group = fixture.bus.group('analytics', { start: 'start', inbox, retry: fast })
    let broken = true
    void group
      .onBatch(placed, { max: 2, waitMs: 50 }, async (deliveries, { transact }) => {
        await transact((tx) => {
          for (const each of deliveries) tx.set(name(each), deliveries.length)
          if (broken) throw new Error('rolled back')
        })
      })
      .run()
    await fixture.place('a', 'a')
    await fixture.clock.advance(50)
    expect([...inbox.rows]).toEqual([])
    broken = false
    await fixture.clock.advance(5_000)
    expect([...inbox.rows]).toEqual([
      ['a0', 1],
      ['a1', 1],
    ])
    await fixture.place('a', 'a')
    await fixture.clock.advance(1_000)
    expect([...inbox.rows].slice(2)).toEqual([
      ['a2', 2],
      ['a3', 2],
    ])
  })

  test('an event that fails inside the transaction, and those behind it, count as not handled', async () => {
    await using fixture = await openFixture()
    const inbox = memoryInbox({ clock: fixture.clock })
    const written: string[] = []
    void fixture.bus
      .group('analytics', { start: 'start', inbox, retry: fast })
      .onBatch(placed, { max: 3, waitMs: 50 }, async (deliveries, { transact }) => {
        await transact(() => {
          for (const each of deliveries) {
            if (name(each) === 'a1' && each.attempt === 1) each.fail(new Error('no'))
            if (!each.failed) written.push(name(each))
          }
        })
      })
      .run()
    await fixture.place('a', 'a', 'a')
    await fixture.clock.advance(5_000)
    expect(written).toEqual(['a0', 'a1', 'a2'])
  })

  test('events that were handled before are not handed over again', async () => {
    await using fixture = await openFixture()
    const inbox = memoryInbox({ clock: fixture.clock })
    const seen: string[][] = []
    const run = async (): Promise<() => Promise<void>> => {
      const bus = await fixture.anotherBus()
      const group = bus
        .group('analytics', { start: 'start', inbox })
        .onBatch(placed, { max: 10, waitMs: 50 }, (deliveries) => void seen.push(deliveries.map(name)))
      void group.run()
      return () => group.stop()
    }
    const stop = await run()
    await fixture.place('a', 'a')
    await fixture.clock.advance(1_000)
    const stopped = stop()
    await fixture.clock.advance(1_000)
    await stopped
    await fixture.bus.admin.seek('analytics', 'orders', 'start', { force: true })
    await fixture.place('a')
    await run()
    await fixture.clock.advance(20_000)
    expect(seen).toEqual([['a0', 'a1'], ['a2']])
    expect(fixture.reports.map(({ outcome }) => outcome)).toEqual([
      'handled',
      'handled',
      'duplicate',
      'duplicate',
      'handled',
    ])
  })

  test('an event published twice has one effect, in one batch too', async () => {
    await using fixture = await openFixture()
    const inbox = memoryInbox({ clock: fixture.clock })
    const seen: string[] = []
    void fixture.bus
      .group('analytics', { start: 'start', inbox })
      .onBatch(placed, { max: 10, waitMs: 50 }, (deliveries) => void seen.push(...deliveries.map(name)))
      .run()
    for (const id of ['1', '1', '2'])
      await fixture.bus.publish(placed, { orderId: 'a', number: Number(id) }, { id })
    await fixture.clock.advance(5_000)
    expect(seen).toEqual(['a1', 'a2'])
  })

  test('fail is refused once the event is committed', async () => {
    await using fixture = await openFixture()
    const inbox = memoryInbox({ clock: fixture.clock })
    const refusals: string[] = []
    void fixture.bus
      .group('analytics', { start: 'start', inbox })
      .onBatch(placed, { max: 10, waitMs: 50 }, async (deliveries, { transact }) => {
        await transact(() => undefined)
        try {
          deliveries[0]?.fail(new Error('late'))
        } catch (error) {
          refusals.push((error as Error).message)
        }
      })
      .run()
    await fixture.place('a')
    await fixture.clock.advance(1_000)
    expect(refusals).toEqual([expect.stringMatching(/^transaction_invalid: .*before transact/)])
    expect(fixture.reports.map(({ outcome }) => outcome)).toEqual(['handled'])
  })

  test('an event that fails inside a transaction that was not awaited is attempted again, not lost', async () => {
    await using fixture = await openFixture()
    const inbox = memoryInbox({ clock: fixture.clock })
    // As on a disk: what is given to it runs later.
    const later: InboxStore<MemoryTransact> = {
      handled: (...asked) => inbox.handled(...asked),
      transaction: (claim) => async (run) => {
        await settle()
        return inbox.transaction(claim)(run)
      },
      record: (claim) => inbox.record(claim),
      prune: (...asked) => inbox.prune(...asked),
      close: () => inbox.close(),
    }
    void fixture.bus
      .group('analytics', { start: 'start', inbox: later, retry: fast })
      .onBatch(placed, { max: 10, waitMs: 50 }, async (deliveries, { transact }) => {
        void transact((tx) => {
          for (const each of deliveries) {
            if (each.attempt === 1) each.fail(new Error('no'))
            else tx.set(name(each), each.attempt)
          }
        })
      })
      .run()
    await fixture.place('a')
    await fixture.clock.advance(5_000)
    expect([...inbox.rows]).toEqual([['a0', 2]])
    expect(fixture.reports.map(({ outcome }) => outcome)).toEqual(['failed', 'handled'])
  })
})

test('Once its partition is let go of, a collector waits for nothing any more', async () => {
  await using fixture = await openFixture()
  const door = gate()
  const bus = await fixture.anotherBus()
  const waitMs = 50_000
  const group = bus
    .group('analytics', { start: 'start', drain: 100 })
    .onBatch(placed, { max: 2, waitMs }, () => door.opened)
  void group.run()
  // Of one partition these are an odd number: two are at work, the last waits for another.
  await fixture.place('a', 'b', 'c', 'd', 'e', 'f', 'g')
  await fixture.clock.advance(1_000)
  const stopped = group.stop()
  await fixture.clock.advance(1_000)
  await stopped
  door.open()
  await fixture.clock.advance(0)
  expect(fixture.clock.untilNextMs).toBeGreaterThan(waitMs)
})
