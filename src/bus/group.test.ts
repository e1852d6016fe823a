import { describe, expect, test } from 'vitest'
import { TidingsError } from '../kernel/index.ts'
import { memoryInbox } from '../memory/index.ts'
import { settle } from '../testing/virtual-clock.ts'
import { fast, gate, openFixture, orders, paid, placed } from './orders.fixture.ts'

describe('A group', () => {
  test('gets the events of a key in the order they were published', async () => {
    await using fixture = await openFixture()
    const seen: string[] = []
    const group = fixture.bus.group('billing', { start: 'start' }).on(placed, async ({ event }) => {
      await settle()
      seen.push(`${event.data.orderId}${event.data.number}`)
    })
    await fixture.place('a', 'b', 'a', 'c', 'a', 'b')
    void group.run()
    await fixture.clock.advance(1_000)
    expect(seen.filter((each) => each.startsWith('a'))).toEqual(['a0', 'a2', 'a4'])
    expect(seen.filter((each) => each.startsWith('b'))).toEqual(['b1', 'b5'])
    expect(seen).toHaveLength(6)
  })

  test('runs handlers of different keys at the same time, of one key one after the other', async () => {
    await using fixture = await openFixture()
    const running = new Set<string>()
    const hold = gate()
    const group = fixture.bus.group('billing', { start: 'start' }).on(placed, async ({ event }) => {
      expect(running.has(event.data.orderId)).toBe(false)
      running.add(event.data.orderId)
      await hold.opened
      running.delete(event.data.orderId)
    })
    await fixture.place('a', 'a', 'b', 'c')
    void group.run()
    await fixture.clock.advance(100)
    expect([...running].toSorted()).toEqual(['a', 'b', 'c'])
    hold.open()
  })

  test('runs no more handlers at once than its concurrency', async () => {
    await using fixture = await openFixture()
    let running = 0
    let most = 0
    const group = fixture.bus.group('billing', { start: 'start', concurrency: 3 }).on(placed, async () => {
      most = Math.max(most, ++running)
      await settle()
      running -= 1
    })
    await fixture.place(...Array.from({ length: 16 }, (_, index) => `k${index}`))
    void group.run()
    await fixture.clock.advance(1_000)
    expect(most).toBe(3)
  })

  test('of each name gets every event', async () => {
    await using fixture = await openFixture()
    const counts = { billing: 0, shipping: 0 }
    for (const name of ['billing', 'shipping'] as const) {
      void fixture.bus
        .group(name, { start: 'start' })
        .on(orders, () => (counts[name] += 1))
        .run()
    }
    await fixture.place('a', 'b', 'c')
    await fixture.clock.advance(1_000)
    expect(counts).toEqual({ billing: 3, shipping: 3 })
  })

  test('passes over types without a handler, and counts them', async () => {
    await using fixture = await openFixture()
    const group = fixture.bus.group('billing', { start: 'start' }).on(paid, () => undefined)
    await fixture.place('a', 'b')
    void group.run()
    await fixture.clock.advance(100)
    expect(group.skipped).toBe(2)
    expect((await fixture.bus.admin.lag('billing')).every(({ lag }) => lag === 0)).toBe(true)
  })

  test('refuses two handlers for one type', async () => {
    await using fixture = await openFixture()
    const group = fixture.bus.group('billing').on(placed, () => undefined)
    expect(() => group.on(orders, () => undefined)).toThrow(
      /^handler_duplicate: .*com\.example\.orders\.placed/,
    )
  })

  test('starts at the end, the start, a time or an offset', async () => {
    await using fixture = await openFixture()
    const seen: Record<string, number[]> = {}
    await fixture.place('a', 'a')
    await fixture.clock.advance(10_000)
    await fixture.place('a')
    const time = new Date(fixture.clock.now() - 5_000)
    const starts = { end: 'end', start: 'start', time: { time }, offset: { offset: 1 } } as const
    for (const [name, start] of Object.entries(starts)) {
      const numbers: number[] = []
      seen[name] = numbers
      void fixture.bus
        .group(name, { start })
        .on(placed, ({ event }) => numbers.push(event.data.number))
        .run()
    }
    await fixture.clock.advance(100)
    await fixture.place('a')
    await fixture.clock.advance(100)
    expect(seen).toEqual({ end: [3], start: [0, 1, 2, 3], time: [2, 3], offset: [1, 2, 3] })
  })
})

describe('A failing event', () => {
  test('is attempted again after its backoff, and holds back only its own key', async () => {
    await using fixture = await openFixture()
    const seen: string[] = []
    const group = fixture.bus
      .group('billing', { start: 'start', retry: fast })
      .on(placed, ({ event, attempt }) => {
        seen.push(`${event.data.orderId}${event.data.number}#${attempt}`)
        if (event.data.number === 0 && attempt < 3) throw new Error('not yet')
      })
    await fixture.place('a', 'a', 'b', 'b')
    void group.run()
    await fixture.clock.advance(500)
    expect(seen.toSorted()).toEqual(['a0#1', 'b2#1', 'b3#1'])
    await fixture.clock.advance(400)
    expect(seen).toHaveLength(3)
    await fixture.clock.advance(200)
    expect(seen.slice(3)).toEqual(['a0#2'])
    await fixture.clock.advance(1_000)
    expect(seen.slice(4)).toEqual(['a0#3', 'a1#1'])
  })

  test('becomes a dead letter with reason, attempts and stack, and its key goes on', async () => {
    await using fixture = await openFixture()
    const seen: number[] = []
    const group = fixture.bus.group('billing', { start: 'start', retry: fast }).on(placed, ({ event }) => {
      if (event.data.number === 0) throw new Error('card declined')
      seen.push(event.data.number)
    })
    await fixture.place('a', 'a')
    void group.run()
    await fixture.clock.advance(5_000)
    const { entries } = await fixture.bus.deadLetters.list({ group: 'billing' }, { limit: 10 })
    expect(entries).toHaveLength(1)
    expect(entries[0]).toMatchObject({ state: 'dead', reason: 'handler_failed', attempts: 3, key: 'a' })
    expect(entries[0]?.message).toBe('Error: card declined')
    expect(entries[0]?.stack).toContain('group.test.ts')
    expect(seen).toEqual([1])
    expect((await fixture.bus.admin.lag('billing')).every(({ lag }) => lag === 0)).toBe(true)
  })

  test('may throw what is not an Error', async () => {
    await using fixture = await openFixture()
    const group = fixture.bus.group('billing', { start: 'start', retry: { attempts: 1 } }).on(placed, () => {
      // oxlint-disable-next-line typescript/only-throw-error -- that is what is tested
      throw 'a string'
    })
    await fixture.place('a')
    void group.run()
    await fixture.clock.advance(100)
    const { entries } = await fixture.bus.deadLetters.list({}, { limit: 10 })
    expect(entries[0]?.message).toContain('"a string"')
  })

  test('that runs too long is aborted and attempted again; what it does later does not count', async () => {
    await using fixture = await openFixture()
    const reasons: unknown[] = []
    const late = gate()
    const options = {
      start: 'start',
      handlerTimeout: '5s',
      retry: { attempts: 2, backoff: fast.backoff },
    } as const
    const group = fixture.bus.group('billing', options).on(placed, async ({ signal }) => {
      signal.addEventListener('abort', () => reasons.push(signal.reason))
      await late.opened
      throw new Error('after abort')
    })
    await fixture.place('a')
    void group.run()
    await fixture.clock.advance(20_000)
    expect(reasons).toHaveLength(2)
    expect(String(reasons[0])).toContain('handler_timeout')
    late.open()
    await settle()
    const { entries } = await fixture.bus.deadLetters.list({}, { limit: 10 })
    expect(entries).toMatchObject([{ reason: 'handler_timeout', attempts: 2 }])
  })

  test('keeps its attempts when another member takes over', async () => {
    await using fixture = await openFixture()
    const attempts: number[] = []
    const handler = ({ attempt }: { attempt: number }): void => {
      attempts.push(attempt)
      throw new Error('never')
    }
    const first = fixture.bus.group('billing', { start: 'start', retry: fast }).on(placed, handler)
    await fixture.place('a')
    void first.run()
    await fixture.clock.advance(1_100)
    await first.stop()
    void fixture.bus.group('billing', { retry: fast }).on(placed, handler).run()
    await fixture.clock.advance(5_000)
    expect(attempts).toEqual([1, 2, 3])
    expect(await fixture.bus.deadLetters.count({ states: ['dead'] })).toBe(1)
  })

  test('is redriven to the group that failed, and to no other', async () => {
    await using fixture = await openFixture()
    let broken = true
    const seen: string[] = []
    for (const name of ['billing', 'shipping']) {
      void fixture.bus
        .group(name, { start: 'start', retry: { attempts: 1 } })
        .on(placed, ({ event, attempt }) => {
          if (name === 'billing' && broken) throw new Error('down')
          seen.push(`${name} ${event.data.number} #${attempt}`)
        })
        .run()
    }
    await fixture.place('a')
    await fixture.clock.advance(1_000)
    expect(seen).toEqual(['shipping 0 #1'])
    broken = false
    const { entries } = await fixture.bus.deadLetters.list({ group: 'billing' }, { limit: 10 })
    expect(await fixture.bus.deadLetters.request(entries.map(({ id }) => id))).toHaveLength(1)
    await fixture.clock.advance(1_000)
    expect(seen).toEqual(['shipping 0 #1', 'billing 0 #1'])
    const [handled] = (await fixture.bus.deadLetters.list({ states: ['handled'] })).entries
    expect([handled?.reason, handled?.message]).toEqual(['handler_failed', 'Error: down'])
  })

  test('that is redriven and fails again is dead again', async () => {
    await using fixture = await openFixture()
    const attempts: number[] = []
    const group = fixture.bus.group('billing', { start: 'start', retry: fast }).on(placed, ({ attempt }) => {
      attempts.push(attempt)
      throw new Error('down')
    })
    await fixture.place('a')
    void group.run()
    await fixture.clock.advance(5_000)
    const { entries } = await fixture.bus.deadLetters.list({}, { limit: 10 })
    await fixture.bus.deadLetters.request(entries.map(({ id }) => id))
    await fixture.clock.advance(5_000)
    expect(attempts).toEqual([1, 2, 3, 1, 2, 3])
    expect(await fixture.bus.deadLetters.count({ states: ['dead'] })).toBe(1)
  })
})

describe('A partition', () => {
  test('goes on past a failing event as far as maxAhead, then sets the event aside and passes it', async () => {
    await using fixture = await openFixture()
    const seen: number[] = []
    let broken = true
    const options = { start: 'start', maxAhead: 10, retry: { attempts: 100, backoff: fast.backoff } } as const
    const group = fixture.bus.group('billing', options).on(placed, ({ event }) => {
      if (event.data.orderId === 'bad' && broken) throw new Error('down')
      seen.push(event.data.number)
    })
    await fixture.place('bad', ...Array.from({ length: 200 }, (_, index) => `k${index}`), 'bad')
    void group.run()
    await fixture.clock.advance(3_000)
    expect(seen).toHaveLength(200)
    expect(await fixture.bus.deadLetters.count({ states: ['set-aside'] })).toBeGreaterThan(0)
    broken = false
    await fixture.clock.advance(3_000)
    expect(seen.slice(200)).toEqual([0, 201])
    expect((await fixture.bus.admin.lag('billing')).every(({ lag }) => lag === 0)).toBe(true)
    expect(await fixture.bus.deadLetters.count({ states: ['set-aside', 'dead'] })).toBe(0)
  })

  test('repeats after a takeover only what was unfinished', async () => {
    await using fixture = await openFixture()
    const seen: number[] = []
    const hold = gate()
    const first = fixture.bus.group('billing', { start: 'start', drain: 0 }).on(placed, async ({ event }) => {
      seen.push(event.data.number)
      if (event.data.orderId === 'slow') await hold.opened
    })
    await fixture.place('slow', 'b', 'c', 'd')
    void first.run()
    await fixture.clock.advance(1_000)
    const stopping = first.stop()
    await fixture.clock.advance(1_000)
    await stopping
    hold.open()
    const again: number[] = []
    void fixture.bus
      .group('billing')
      .on(placed, ({ event }) => again.push(event.data.number))
      .run()
    await fixture.clock.advance(1_000)
    expect(seen.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3])
    expect(again).toEqual([0])
  })

  test('moves to a member that joins, after its owner has finished what it was handling', async () => {
    await using fixture = await openFixture()
    const running = new Set<string>()
    const owners = new Map<string, Set<string>>()
    const member = (name: string) =>
      fixture.bus.group('billing', { start: 'start', member: name }).on(placed, async ({ event }) => {
        const { orderId } = event.data
        expect(running.has(orderId)).toBe(false)
        running.add(orderId)
        owners.set(name, (owners.get(name) ?? new Set()).add(orderId))
        await settle()
        running.delete(orderId)
      })
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`)
    const first = member('first')
    void first.run()
    await fixture.place(...keys)
    await fixture.clock.advance(1_000)
    void member('second').run()
    await fixture.place(...keys)
    await fixture.clock.advance(5_000)
    await fixture.place(...keys)
    await fixture.clock.advance(1_000)
    expect(owners.get('second')?.size).toBeGreaterThan(0)
    const groups = await fixture.bus.admin.groups()
    expect(groups[0]?.members.map(({ partitions }) => partitions.length)).toEqual([1, 1])
    const stopping = first.stop()
    await fixture.clock.advance(1_000)
    await stopping
    await fixture.clock.advance(1_000)
    expect((await fixture.bus.admin.groups())[0]?.members).toMatchObject([
      { member: 'second', partitions: [{ partition: 0 }, { partition: 1 }] },
    ])
  })
})

describe('An inbox', () => {
  test('makes an effect happen once, however often the event is delivered', async () => {
    await using fixture = await openFixture()
    const inbox = memoryInbox({ clock: fixture.clock })
    const group = fixture.bus
      .group('billing', { start: 'start', inbox, retry: fast })
      .on(placed, async ({ event, transact, attempt }) => {
        await transact((tx) => void tx.set('sum', Number(tx.get('sum') ?? 0) + event.data.number + 1))
        if (attempt === 1) throw new Error('after the transaction')
      })
    await fixture.place('a', 'b')
    void group.run()
    await fixture.clock.advance(10_000)
    expect(inbox.rows.get('sum')).toBe(3)
    expect(fixture.reports.map(({ outcome }) => outcome).toSorted()).toEqual([
      'duplicate',
      'duplicate',
      'failed',
      'failed',
    ])
  })

  test('rolls back what the transaction wrote when it throws', async () => {
    await using fixture = await openFixture()
    const inbox = memoryInbox({ clock: fixture.clock })
    const group = fixture.bus
      .group('billing', { start: 'start', inbox, retry: fast })
      .on(placed, ({ transact, attempt }) =>
        transact((tx) => {
          tx.set(`attempt ${attempt}`, true)
          if (attempt === 1) throw new Error('no')
        }),
      )
    await fixture.place('a')
    void group.run()
    await fixture.clock.advance(10_000)
    expect([...inbox.rows.keys()]).toEqual(['attempt 2'])
  })

  test('refuses a transaction of a delivery that is over', async () => {
    await using fixture = await openFixture()
    const inbox = memoryInbox({ clock: fixture.clock })
    const late = gate()
    const errors: unknown[] = []
    const options = { start: 'start', inbox, handlerTimeout: '1s', retry: { attempts: 1 } } as const
    const group = fixture.bus.group('billing', options).on(placed, async ({ transact }) => {
      await late.opened
      await transact((tx) => void tx.set('written', true)).catch((error: unknown) => errors.push(error))
    })
    await fixture.place('a')
    void group.run()
    await fixture.clock.advance(5_000)
    late.open()
    await settle()
    expect(inbox.rows.size).toBe(0)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toBeInstanceOf(TidingsError)
    expect(errors[0]).toMatchObject({ code: 'delivery_closed' })
  })

  test('forgets what was handled longer ago than inboxAge', async () => {
    await using fixture = await openFixture()
    const inbox = memoryInbox({ clock: fixture.clock })
    void fixture.bus
      .group('billing', { start: 'start', inbox, inboxAge: '1d' })
      .on(paid, () => undefined)
      .run()
    await fixture.bus.publish(paid, { orderId: 'a' }, { id: 'i' })
    await fixture.clock.advance(3_600_000)
    expect(await inbox.handled('billing', 0, [{ source: '/tests', id: 'i' }])).toEqual([true])
    await fixture.clock.advance(86_400_000)
    expect(await inbox.handled('billing', 0, [{ source: '/tests', id: 'i' }])).toEqual([false])
  })
})
