import { describe, expect, test } from 'vitest'
import { limits, seededRandom, TidingsError } from '../kernel/index.ts'
import { memoryOutbox, memoryTransaction } from '../memory/index.ts'
import { settle, VirtualClock } from '../testing/index.ts'
import type { OutboxStore } from './outbox-store.ts'
import type { Publish } from './publish-apart.ts'
import { Relay } from './relay.ts'
import type { RelayReport } from './relay-report.ts'

const leaseMs = 9_000

interface Fixture {
  readonly clock: VirtualClock
  readonly store: OutboxStore
  /** Subjects in the order that the engine has acknowledged them. */
  readonly published: string[]
  readonly reports: RelayReport[]
  add(...subjects: readonly string[]): void
  /** Replaces what the engine does. */
  publish: Publish
  relay(name: string, store?: OutboxStore): Relay
}

const bodyOf = (subject: string): string =>
  JSON.stringify({ specversion: '1.0', id: subject, source: '/tests', type: 'numbered', subject })

function openFixture(): Fixture {
  const clock = new VirtualClock()
  const outbox = memoryOutbox({ clock })
  const published: string[] = []
  const reports: RelayReport[] = []
  const fixture: Fixture = {
    clock,
    store: outbox,
    published,
    reports,
    add(...subjects) {
      const records = subjects.map((subject) => ({
        topic: 'numbers',
        partition: 0,
        body: bodyOf(subject),
        notBefore: undefined,
      }))
      memoryTransaction((tx) => outbox.add(tx, records))
    },
    publish: async (records) => {
      published.push(...records.map(({ event }) => event.subject ?? ''))
    },
    relay: (name, store = outbox) =>
      new Relay({
        store,
        publish: (records) => fixture.publish(records),
        relay: name,
        leaseMs,
        clock,
        random: seededRandom(1),
        report: (report) => reports.push(report),
      }),
  }
  return fixture
}

const unreachable = (): TidingsError => new TidingsError('engine_unreachable', 'It is away. Wait.')
const tooLarge = (): TidingsError => new TidingsError('event_too_large', 'It has too many bytes. Send less.')

/** An engine that does not take some events, and takes no batch with one of them. */
function refusing(fixture: Fixture, ...refused: readonly string[]): void {
  const { publish } = fixture
  fixture.publish = async (records) => {
    if (records.some(({ event }) => refused.includes(event.subject ?? ''))) throw tooLarge()
    await publish(records)
  }
}

/** The store with some of its methods replaced. */
function replacing(store: OutboxStore, replaced: Partial<OutboxStore>): OutboxStore {
  return new Proxy(store, {
    get(target, name): unknown {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name)
      const method: unknown = Reflect.get(target, name)
      return typeof method === 'function' ? method.bind(target) : method
    },
  })
}

/** The store of a process that nothing of runs for a while: it does not renew its right. */
function pausedStore(store: OutboxStore): {
  readonly store: OutboxStore
  readonly begin: () => void
  readonly end: () => void
} {
  let isPaused = false
  const lead: OutboxStore['lead'] = async (...given) => {
    if (isPaused) throw unreachable()
    return store.lead(...given)
  }
  return {
    store: replacing(store, { lead }),
    begin: () => (isPaused = true),
    end: () => (isPaused = false),
  }
}

/** The next call waits until it is let go. */
function gated<Arguments extends readonly unknown[], Result>(
  call: (...given: Arguments) => Promise<Result>,
): { readonly call: (...given: Arguments) => Promise<Result>; readonly release: () => void } {
  const gate = Promise.withResolvers<void>()
  return {
    call: async (...given) => {
      await gate.promise
      return call(...given)
    },
    release: gate.resolve,
  }
}

/** A relay whose engine holds a batch that it will refuse, while its store no longer hears of it and its right ends. */
async function heldUpInBatch() {
  const fixture = openFixture()
  const paused = pausedStore(fixture.store)
  const calls: number[] = []
  const engine = gated(async (...[records]: Parameters<Publish>) => {
    calls.push(records.length)
    throw tooLarge()
  })
  fixture.publish = engine.call
  fixture.add('a', 'b')
  const one = fixture.relay('one', paused.store)
  one.start()
  await settle()
  paused.begin()
  await fixture.clock.advance(leaseMs)
  return { fixture, paused, calls, engine, one }
}

describe('A relay', () => {
  test('publishes what is added, in its order, as soon as it is added', async () => {
    const fixture = openFixture()
    const relay = fixture.relay('one')
    fixture.add('a', 'b')
    relay.start()
    await settle()
    expect(fixture.published).toEqual(['a', 'b'])
    fixture.add('c')
    await settle()
    expect(fixture.published).toEqual(['a', 'b', 'c'])
    expect(await fixture.store.figures()).toMatchObject({ pending: 0 })
    await relay.stop()
  })

  test('publishes what nothing woke it for, within its poll', async () => {
    const fixture = openFixture()
    const deaf = replacing(fixture.store, { watch: () => () => undefined })
    const relay = fixture.relay('one', deaf)
    relay.start()
    await settle()
    fixture.add('a')
    await settle()
    expect(fixture.published).toEqual([])
    await fixture.clock.advance(limits.relayPollMs)
    expect(fixture.published).toEqual(['a'])
    await relay.stop()
  })

  test('publishes in batches with bounds', async () => {
    const fixture = openFixture()
    const sizes: number[] = []
    fixture.publish = async (records) => void sizes.push(records.length)
    fixture.add(...Array.from({ length: limits.relayEvents + 1 }, (_, index) => String(index)))
    await fixture.relay('one').flush()
    expect(sizes).toEqual([limits.relayEvents, 1])
  })

  test('hands on when an event may be delivered at the earliest', async () => {
    const fixture = openFixture()
    const times: (number | undefined)[] = []
    fixture.publish = async (records) => void times.push(...records.map(({ notBefore }) => notBefore))
    const record = { topic: 'numbers', partition: 0, body: bodyOf('a'), notBefore: 1_800_000_000_000 }
    const outbox = memoryOutbox()
    memoryTransaction((tx) => outbox.add(tx, [record]))
    await fixture.relay('one', outbox).flush()
    expect(times).toEqual([1_800_000_000_000])
  })

  test('settles only what the engine has acknowledged', async () => {
    const fixture = openFixture()
    const engine = gated(fixture.publish)
    fixture.publish = engine.call
    const relay = fixture.relay('one')
    fixture.add('a')
    relay.start()
    await settle()
    expect(await fixture.store.figures()).toMatchObject({ pending: 1 })
    engine.release()
    await settle()
    expect(await fixture.store.figures()).toMatchObject({ pending: 0 })
    await relay.stop()
  })

  test('publishes again, under the same id, what a relay had published and not settled when it died', async () => {
    const fixture = openFixture()
    const died = replacing(fixture.store, { settle: () => new Promise(() => undefined) })
    fixture.relay('one', died).start()
    fixture.add('a')
    await settle()
    expect(fixture.published).toEqual(['a'])
    const heir = fixture.relay('two')
    heir.start()
    await fixture.clock.advance(2 * leaseMs)
    expect(fixture.published).toEqual(['a', 'a'])
    await heir.stop()
  })
})

describe('When the engine is away, a relay', () => {
  test('waits longer and longer, says so, and publishes when it is back', async () => {
    const fixture = openFixture()
    const { publish } = fixture
    fixture.publish = async () => {
      throw unreachable()
    }
    const relay = fixture.relay('one')
    fixture.add('a', 'b')
    relay.start()
    await fixture.clock.advance(120_000)
    const waits = fixture.reports.map(({ retryInMs }) => retryInMs ?? 0)
    expect(fixture.reports.every(({ outcome }) => outcome === 'failed')).toBe(true)
    expect(waits[3]).toBeGreaterThan(4 * (waits[0] ?? 0))
    expect(Math.max(...waits)).toBeLessThan(1.2 * limits.relayLongestBackoffMs)
    expect(await fixture.store.figures()).toMatchObject({ pending: 2, refused: 0, oldestAgeMs: 120_000 })
    fixture.publish = publish
    await fixture.clock.advance(2 * limits.relayLongestBackoffMs)
    expect(fixture.published).toEqual(['a', 'b'])
    await relay.stop()
  })

  test('stops without waiting for it, and leaves the events in the outbox', async () => {
    const fixture = openFixture()
    fixture.publish = async () => {
      throw unreachable()
    }
    const relay = fixture.relay('one')
    fixture.add('a')
    relay.start()
    await settle()
    await relay.stop()
    expect(await fixture.store.figures()).toMatchObject({ pending: 1 })
  })

  test('rejects a flush with what keeps it from publishing', async () => {
    const fixture = openFixture()
    fixture.publish = async () => {
      throw unreachable()
    }
    fixture.add('a')
    await expect(fixture.relay('one').flush()).rejects.toThrow(/^engine_unreachable/)
    expect(await fixture.store.lead('two', leaseMs)).toBeDefined()
  })
})

describe('When the outbox does not answer, a relay', () => {
  test('settles what it has published before it claims more: nothing is published twice', async () => {
    const fixture = openFixture()
    let isAway = true
    const store = replacing(fixture.store, {
      settle: async (...given: Parameters<OutboxStore['settle']>) => {
        if (isAway) throw unreachable()
        return fixture.store.settle(...given)
      },
    })
    const relay = fixture.relay('one', store)
    fixture.add('a')
    relay.start()
    await fixture.clock.advance(1_000)
    fixture.add('b')
    isAway = false
    await fixture.clock.advance(limits.relayLongestBackoffMs)
    expect(fixture.published).toEqual(['a', 'b'])
    await relay.stop()
  })
})

describe('An event that the engine refuses for good', () => {
  test('is kept with its reason, and all others are published in their order', async () => {
    const fixture = openFixture()
    refusing(fixture, 'c', 'f')
    fixture.add('a', 'b', 'c', 'd', 'e', 'f', 'g')
    await fixture.relay('one').flush()
    expect(fixture.published).toEqual(['a', 'b', 'd', 'e', 'g'])
    const refused = await fixture.store.listRefused(10)
    expect(refused.map(({ body, reason }) => [body, reason])).toEqual([
      [bodyOf('c'), tooLarge().message],
      [bodyOf('f'), tooLarge().message],
    ])
    expect(fixture.reports).toMatchObject([
      { outcome: 'refused', refused: 2, error: { message: tooLarge().message } },
    ])
  })

  test('may be what nobody can read', async () => {
    const fixture = openFixture()
    const outbox = memoryOutbox()
    const record = { topic: 'numbers', partition: 0, notBefore: undefined }
    memoryTransaction((tx) =>
      outbox.add(tx, [
        { ...record, body: '{"half' },
        { ...record, body: bodyOf('a') },
      ]),
    )
    await fixture.relay('one', outbox).flush()
    expect(fixture.published).toEqual(['a'])
    expect(await outbox.figures()).toMatchObject({ pending: 0, refused: 1 })
  })

  test('is published once it is restored and the engine takes it', async () => {
    const fixture = openFixture()
    const { publish } = fixture
    refusing(fixture, 'a')
    const relay = fixture.relay('one')
    relay.start()
    fixture.add('a', 'b')
    await settle()
    fixture.publish = publish
    expect(await fixture.store.restore()).toBe(1)
    await settle()
    expect(fixture.published).toEqual(['b', 'a'])
    await relay.stop()
  })
})

describe('Of two relays', () => {
  test('one publishes, and the other takes over when that one stops', async () => {
    const fixture = openFixture()
    const [one, two] = [fixture.relay('one'), fixture.relay('two')]
    one.start()
    await settle()
    two.start()
    fixture.add('a')
    await fixture.clock.advance(leaseMs * 3)
    expect(fixture.published).toEqual(['a'])
    await one.stop()
    fixture.add('b')
    await fixture.clock.advance(leaseMs)
    expect(fixture.published).toEqual(['a', 'b'])
    await two.stop()
  })

  test('one that was paused past its lease before it published begins nothing when it wakes', async () => {
    const fixture = openFixture()
    const claim = gated(fixture.store.claim.bind(fixture.store))
    fixture.relay('one', replacing(fixture.store, { claim: claim.call })).start()
    fixture.add('a')
    await settle()
    const two = fixture.relay('two')
    two.start()
    await fixture.clock.advance(2 * leaseMs)
    expect(fixture.published).toEqual(['a'])
    claim.release()
    await settle()
    expect(fixture.published).toEqual(['a'])
    expect(fixture.reports).toMatchObject([{ relay: 'one', outcome: 'fenced' }])
    await two.stop()
  })

  test('one that was paused past its lease with events in its hands does not publish them', async () => {
    const fixture = openFixture()
    const hands = Promise.withResolvers<void>()
    const store = replacing(fixture.store, {
      claim: async (...given) => {
        const claimed = await fixture.store.claim(...given)
        await hands.promise
        return claimed
      },
    })
    const one = fixture.relay('one', store)
    one.start()
    fixture.add('a')
    await settle()
    const two = fixture.relay('two')
    two.start()
    await fixture.clock.advance(2 * leaseMs)
    hands.resolve()
    await settle()
    expect(fixture.published).toEqual(['a'])
    await two.stop()
    await one.stop()
  })

  test('one keeps its right while the engine takes long, and the other publishes nothing', async () => {
    const fixture = openFixture()
    const engine = gated(fixture.publish)
    fixture.publish = engine.call
    const one = fixture.relay('one')
    one.start()
    fixture.add('a')
    await settle()
    const two = fixture.relay('two')
    two.start()
    await fixture.clock.advance(10 * leaseMs)
    expect(await fixture.store.lead('three', leaseMs)).toBeUndefined()
    engine.release()
    await settle()
    expect(fixture.published).toEqual(['a'])
    expect(await fixture.store.figures()).toMatchObject({ pending: 0 })
    expect(fixture.reports).toEqual([])
    await two.stop()
    await one.stop()
  })

  test('one that could not renew its right while it published is fenced, and settles nothing', async () => {
    const fixture = openFixture()
    const engine = gated(fixture.publish)
    const { publish } = fixture
    fixture.publish = engine.call
    const paused = pausedStore(fixture.store)
    const one = fixture.relay('one', paused.store)
    one.start()
    fixture.add('a')
    await settle()
    paused.begin()
    fixture.publish = publish
    const two = fixture.relay('two')
    two.start()
    await fixture.clock.advance(2 * leaseMs)
    fixture.add('b')
    await settle()
    expect(fixture.published).toEqual(['a', 'b'])
    paused.end()
    engine.release()
    await settle()
    expect(fixture.published).toEqual(['a', 'b', 'a'])
    expect(fixture.reports).toMatchObject([{ relay: 'one', outcome: 'fenced' }])
    fixture.add('c')
    await settle()
    expect(fixture.published).toEqual(['a', 'b', 'a', 'c'])
    await two.stop()
    await one.stop()
  })

  test('one that loses its right between two halves of a batch does not publish the second', async () => {
    const { fixture, calls, engine, one } = await heldUpInBatch()
    engine.release()
    await settle()
    expect(calls).toEqual([2])
    expect(fixture.reports).toMatchObject([{ relay: 'one', outcome: 'fenced' }])
    expect(await fixture.store.figures()).toMatchObject({ pending: 2, refused: 0 })
    await one.stop()
  })

  test('one that has its right again, after another had it, does not publish what it claimed before', async () => {
    const { fixture, paused, calls, engine, one } = await heldUpInBatch()
    const other = await fixture.store.lead('two', leaseMs)
    if (other !== undefined) await fixture.store.resign(other)
    paused.end()
    await fixture.clock.advance(leaseMs / 3)
    engine.release()
    await settle()
    expect(other).toMatchObject({ term: 2 })
    expect(calls).toEqual([2])
    expect(fixture.reports).toMatchObject([{ relay: 'one', outcome: 'fenced' }])
    await one.stop()
  })

  test('one that flushes waits for the other to publish', async () => {
    const fixture = openFixture()
    const engine = gated(fixture.publish)
    fixture.publish = engine.call
    const one = fixture.relay('one')
    one.start()
    fixture.add('a')
    await settle()
    let isFlushed = false
    const flushed = fixture
      .relay('two')
      .flush()
      .then(() => (isFlushed = true))
    await fixture.clock.advance(1_000)
    expect(isFlushed).toBe(false)
    engine.release()
    await fixture.clock.advance(1_000)
    await flushed
    expect(fixture.published).toEqual(['a'])
    await one.stop()
  })
})

describe('A relay that is to stop', () => {
  test('publishes what is pending, and gives the right to the next at once', async () => {
    const fixture = openFixture()
    const relay = fixture.relay('one')
    relay.start()
    await settle()
    fixture.add('a')
    await relay.stop()
    await relay.stop()
    expect(fixture.published).toEqual(['a'])
    expect(await fixture.store.lead('two', leaseMs)).toBeDefined()
  })

  test('does not go on for ever while more and more is added', async () => {
    const fixture = openFixture()
    let count = 0
    fixture.publish = async () => {
      await fixture.clock.advance(1_000)
      fixture.add(String(count++))
    }
    const relay = fixture.relay('one')
    relay.start()
    fixture.add('first')
    await relay.stop()
    expect(count).toBeLessThanOrEqual(limits.relayDrainMs / 1_000 + 2)
  })

  test('survives a report that throws', async () => {
    const fixture = openFixture()
    const warnings: unknown[] = []
    const listener = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', listener)
    refusing(fixture, 'a')
    fixture.reports.push = () => {
      throw new Error('the reporter is broken')
    }
    fixture.add('a', 'b')
    await fixture.relay('one').flush()
    await settle()
    process.off('warning', listener)
    expect(fixture.published).toEqual(['b'])
    expect(warnings).toEqual(['the reporter is broken'])
  })
})
