import { describe, expect, test } from 'vitest'
import type { InboxStore } from '../inbox/index.ts'
import { TidingsError } from '../kernel/index.ts'
import { memoryInbox, type MemoryTransact } from '../memory/index.ts'
import type { Group } from './group.ts'
import { fast, type Fixture, openFixture, placed } from './orders.fixture.ts'

const hourMs = 3_600_000

function unreachable(): TidingsError {
  return new TidingsError('engine_unreachable', 'The inbox is away. Wait for it.')
}

/** An inbox that is away when told so. `lost`: its transaction commits, and nobody hears of it. `silent`: it answers nothing. */
class Inbox implements InboxStore<MemoryTransact> {
  readonly store = memoryInbox()
  state: 'there' | 'away' | 'lost' | 'silent' = 'there'

  get effects(): readonly unknown[] {
    return [...this.store.rows.values()]
  }

  async handled(...given: Parameters<InboxStore<MemoryTransact>['handled']>): Promise<readonly boolean[]> {
    await this.#ask()
    return this.store.handled(...given)
  }

  transaction(claim: Parameters<InboxStore<MemoryTransact>['transaction']>[0]): MemoryTransact {
    const transact = this.store.transaction(claim)
    return async (run) => {
      await this.#ask()
      const result = await transact(run)
      if (this.state === 'lost') throw unreachable()
      return result
    }
  }

  async record(claim: Parameters<InboxStore<MemoryTransact>['record']>[0]): Promise<void> {
    await this.#ask()
    await this.store.record(claim)
  }

  prune(...given: Parameters<InboxStore<MemoryTransact>['prune']>): Promise<number> {
    return this.store.prune(...given)
  }

  async close(): Promise<void> {}

  async #ask(): Promise<void> {
    if (this.state === 'away') throw unreachable()
    if (this.state === 'silent') await new Promise(() => undefined)
  }
}

type Options = Parameters<Fixture['bus']['group']>[1]

/** A group whose handler writes `a0` for event 0 of order a, each in a row of its own. */
function effectsGroup(
  { bus }: Pick<Fixture, 'bus'>,
  inbox: Inbox,
  options: Options = {},
): Group<'com.example.orders.placed' | 'com.example.orders.paid', MemoryTransact> {
  return bus
    .group('billing', { start: 'start', retry: fast, ...options, inbox })
    .on(placed, async ({ event: { data }, transact }) => {
      await transact((tx) => tx.set(`${tx.size}`, `${data.orderId}${data.number}`))
    })
}

describe('An inbox that is away for an hour', () => {
  test('makes no dead letter: each effect happens once, in its order, when it is back', async () => {
    await using fixture = await openFixture()
    const inbox = new Inbox()
    const group = effectsGroup(fixture, inbox)
    void group.run()
    await fixture.place('a', 'b', 'a')
    await fixture.clock.advance(1_000)
    expect(group.outage).toBeUndefined()
    inbox.state = 'away'
    await fixture.place('a', 'b', 'c', 'b', 'a')
    await fixture.clock.advance(hourMs)
    expect(group.outage).toMatchObject({ code: 'engine_unreachable' })
    inbox.state = 'there'
    await fixture.clock.advance(60_000)
    expect(group.outage).toBeUndefined()
    const ofKey = (key: string): readonly unknown[] => inbox.effects.filter((each) => String(each)[0] === key)
    expect([ofKey('a'), ofKey('b'), ofKey('c')]).toEqual([
      ['a0', 'a2', 'a3', 'a7'],
      ['b1', 'b4', 'b6'],
      ['c5'],
    ])
    expect(await fixture.bus.deadLetters.count({})).toBe(0)
    expect((await fixture.bus.admin.lag('billing')).map(({ lag }) => lag)).toEqual([0, 0])
    const waits = fixture.reports.filter(({ outcome }) => outcome === 'outage')
    expect(fixture.reports.map(({ outcome }) => outcome)).not.toContain('failed')
    expect(new Set(waits.map(({ attempt }) => attempt))).toEqual(new Set([1]))
    expect(Math.max(...waits.map(({ retryInMs }) => retryInMs ?? 0))).toBeLessThanOrEqual(33_000)
    expect(waits.length).toBeGreaterThan(3 * 100)
  })

  test('makes none of a batch, which comes again whole', async () => {
    await using fixture = await openFixture()
    const inbox = new Inbox()
    inbox.state = 'away'
    const sizes: number[] = []
    const group = fixture.bus
      .group('billing', { start: 'start', retry: fast, inbox })
      .onBatch(placed, { max: 10, waitMs: 5_000 }, async (deliveries, { transact }) => {
        sizes.push(deliveries.length)
        await transact((tx) => {
          for (const { event } of deliveries) tx.set(`${tx.size}`, event.data.number)
        })
      })
    await fixture.place('a', 'a', 'a', 'a')
    void group.run()
    await fixture.clock.advance(hourMs)
    inbox.state = 'there'
    await fixture.clock.advance(120_000)
    expect(inbox.effects).toEqual([0, 1, 2, 3])
    expect(sizes).toEqual([4])
    expect(await fixture.bus.deadLetters.count({})).toBe(0)
  })

  test('sets nothing aside: nothing is read on while nothing can be handled', async () => {
    await using fixture = await openFixture()
    const inbox = new Inbox()
    inbox.state = 'away'
    const group = effectsGroup(fixture, inbox, { maxAhead: 5 })
    await fixture.place(...Array.from({ length: 40 }, (_, index) => `k${index}`))
    void group.run()
    await fixture.clock.advance(120_000)
    expect(await fixture.bus.deadLetters.count({})).toBe(0)
    inbox.state = 'there'
    await fixture.clock.advance(60_000)
    expect(inbox.effects).toHaveLength(40)
  })

  test('lets its group stop at once, and the next member counts from where the events were', async () => {
    await using fixture = await openFixture()
    const inbox = new Inbox()
    inbox.state = 'away'
    const group = effectsGroup(fixture, inbox)
    await fixture.place('a', 'a')
    const running = group.run()
    await fixture.clock.advance(hourMs)
    const startMs = fixture.clock.monotonic()
    const stopping = group.stop()
    await fixture.clock.advance(0)
    await Promise.all([stopping, running])
    expect(fixture.clock.monotonic()).toBe(startMs)
    const heir = effectsGroup(fixture, inbox)
    void heir.run()
    await fixture.clock.advance(hourMs)
    inbox.state = 'there'
    await fixture.clock.advance(60_000)
    expect(inbox.effects).toEqual(['a0', 'a1'])
    expect(new Set(fixture.reports.map(({ attempt }) => attempt))).toEqual(new Set([1]))
  })

  test('leaves an event that had failed before as many attempts as it had', async () => {
    await using fixture = await openFixture()
    const inbox = new Inbox()
    const attempts: number[] = []
    const group = fixture.bus
      .group('billing', { start: 'start', retry: fast, inbox })
      .on(placed, async ({ attempt, transact }) => {
        attempts.push(attempt)
        if (attempt === 1) throw new Error('no luck')
        await transact(() => undefined)
      })
    await fixture.place('a')
    void group.run()
    await fixture.clock.advance(500)
    expect(attempts).toEqual([1])
    inbox.state = 'away'
    await fixture.clock.advance(hourMs)
    inbox.state = 'there'
    await fixture.clock.advance(60_000)
    expect(attempts).toEqual([1, 2])
    expect(fixture.reports.at(-1)).toMatchObject({ outcome: 'handled' })
  })
})

describe('An inbox that is lost', () => {
  test('with the answer to a commit has the effect, and it does not happen again', async () => {
    await using fixture = await openFixture()
    const inbox = new Inbox()
    inbox.state = 'lost'
    const group = effectsGroup(fixture, inbox)
    await fixture.place('a', 'a')
    void group.run()
    await fixture.clock.advance(500)
    inbox.state = 'there'
    await fixture.clock.advance(60_000)
    expect(inbox.effects).toEqual(['a0', 'a1'])
    expect(fixture.reports.map(({ outcome }) => outcome)).toEqual(['outage', 'duplicate', 'handled'])
  })

  test('without a word is found out by the time that a handler has, and its event waits', async () => {
    await using fixture = await openFixture()
    const inbox = new Inbox()
    inbox.state = 'silent'
    const group = effectsGroup(fixture, inbox, { handlerTimeout: '10s' })
    await fixture.place('a')
    void group.run()
    await fixture.clock.advance(hourMs)
    expect(new Set(fixture.reports.map(({ outcome }) => outcome))).toEqual(new Set(['outage']))
    expect(fixture.reports[0]).toMatchObject({ error: { code: 'handler_timeout' } })
    inbox.state = 'there'
    await fixture.clock.advance(60_000)
    expect(inbox.effects).toEqual(['a0'])
  })

  test('counts no attempt though the handler wraps the error, or returns in spite of it', async () => {
    await using fixture = await openFixture()
    const inbox = new Inbox()
    inbox.state = 'away'
    const group = fixture.bus
      .group('billing', { start: 'start', retry: fast, inbox })
      .on(placed, async ({ event, transact }) => {
        try {
          await transact((tx) => tx.set(event.id, event.data.number))
        } catch (error) {
          if (event.data.number === 0) throw new Error('The invoice was not written.', { cause: error })
        }
      })
    inbox.handled = async (_group, _run, keys) => keys.map(() => false)
    await fixture.place('a', 'b')
    void group.run()
    await fixture.clock.advance(hourMs)
    inbox.state = 'there'
    await fixture.clock.advance(60_000)
    expect(new Set(inbox.effects)).toEqual(new Set([0, 1]))
    expect(await fixture.bus.deadLetters.count({})).toBe(0)
  })
})

describe('What a handler itself cannot reach', () => {
  test.each(['beside its transaction', 'inside of it'])('%s counts as a failed attempt', async (where) => {
    await using fixture = await openFixture()
    const inbox = new Inbox()
    const group = fixture.bus
      .group('billing', { start: 'start', retry: fast, inbox })
      .on(placed, async ({ transact }) => {
        if (where === 'beside its transaction') throw unreachable()
        await transact(() => {
          throw unreachable()
        })
      })
    await fixture.place('a')
    void group.run()
    await fixture.clock.advance(60_000)
    expect(fixture.reports.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'dead-letter'])
    expect(group.outage).toBeUndefined()
  })

  test('counts as one when it is slow inside of the transaction', async () => {
    await using fixture = await openFixture()
    const inbox = new Inbox()
    // An engine whose transactions await their function, as PostgreSQL's.
    inbox.transaction = () =>
      (async (run: (tx: Map<string, unknown>) => unknown) => {
        await run(new Map())
      }) as MemoryTransact
    const group = fixture.bus
      .group('billing', { start: 'start', retry: fast, handlerTimeout: '10s', inbox })
      .on(placed, async ({ transact }) => {
        await transact(() => new Promise(() => undefined) as never)
      })
    await fixture.place('a')
    void group.run()
    await fixture.clock.advance(120_000)
    expect(fixture.reports.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'dead-letter'])
  })
})

test('An inbox whose transact takes more than a function gets all of it', async () => {
  await using fixture = await openFixture()
  const inbox = memoryInbox()
  const named: InboxStore<(name: string, number: number, then: () => void) => Promise<void>> = {
    handled: (...given) => inbox.handled(...given),
    transaction: (claim) => (name, number, then) =>
      inbox.transaction(claim)((tx) => {
        tx.set(name, number)
        then()
      }),
    record: (claim) => inbox.record(claim),
    prune: (...given) => inbox.prune(...given),
    close: () => inbox.close(),
  }
  let calls = 0
  const group = fixture.bus
    .group('billing', { start: 'start', inbox: named })
    .on(placed, ({ event: { data }, transact }) =>
      transact(data.orderId, data.number, () => void (calls += 1)),
    )
  await fixture.place('a')
  void group.run()
  await fixture.clock.advance(1_000)
  expect([...inbox.rows]).toEqual([['a', 0]])
  expect(calls).toBe(1)
})

describe('A handler that publishes while the engine takes nothing', () => {
  test('waits for it, however its error is wrapped, and no attempt is counted', async () => {
    await using fixture = await openFixture()
    const { engine, bus } = fixture
    const published: number[] = []
    const group = bus
      .group('billing', { start: 'start', retry: fast })
      .on(placed, async ({ event: { data } }) => {
        try {
          if (data.orderId === 'a') await bus.publish(placed, { orderId: 'b', number: 100 + data.number })
          else published.push(data.number)
        } catch (cause) {
          throw new Error('Nobody was told.', { cause })
        }
      })
    await fixture.place('a', 'a')
    const publish = engine.publish.bind(engine)
    engine.publish = async () => {
      throw unreachable()
    }
    void group.run()
    await fixture.clock.advance(hourMs)
    expect(group.outage).toMatchObject({ code: 'engine_unreachable' })
    engine.publish = publish
    await fixture.clock.advance(60_000)
    expect(published).toEqual([100, 101])
    expect(await bus.deadLetters.count({})).toBe(0)
    expect(fixture.reports.map(({ outcome }) => outcome)).not.toContain('failed')
  })
})
