import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { sleep, TidingsError } from '../kernel/index.ts'
import { settle } from '../testing/index.ts'
import type { LogStore } from './log-store.ts'
import { LogSubscription } from './log-subscription.ts'
import {
  heartbeatEveryMs,
  type MemberUnderTest,
  memberRequest,
  openLog,
  sessionTimeoutMs,
  StoppableClock,
} from './member.fixture.ts'
import type { StoredRecord } from './transport.ts'

const allOrders = ['orders/0', 'orders/1', 'orders/2', 'orders/3']

/** A view of a store on which some methods do something else. */
function overriding(store: LogStore, methods: Partial<LogStore>): LogStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** A member that reads two records at once, of the six there are, when its batches are asked for; and what it has read. */
async function readingAhead() {
  const log = await openLog({ orders: 1 })
  await log.append('orders', 0, 6)
  const reads: number[] = []
  const read: LogStore['read'] = (topic, partition, from, limit) => {
    reads.push(from)
    return log.store.read(topic, partition, from, limit)
  }
  const store = overriding(log.store, { read })
  const one = await LogSubscription.join(
    store,
    { ...memberRequest, member: 'one', fetch: { maxRecords: 2, maxBytes: 1_000 } },
    log.clock,
  )
  return { log, reads, one, batches: one[Symbol.asyncIterator]() }
}

describe('A member of a group', () => {
  test('reads all partitions when it is alone, what is there and what comes', async () => {
    const log = await openLog()
    await log.append('orders', 0, 2)
    const one = await log.join('one')
    expect(one.owned()).toEqual(allOrders)
    await log.append('orders', 3)
    expect(one.seen).toEqual(['orders/0 0', 'orders/0 1', 'orders/3 0'])
  })

  test('starts where the group is to start', async () => {
    for (const [start, expected] of [
      ['start', 2],
      ['end', 0],
      [{ offset: 1 }, 1],
      [{ time: new Date(0) }, 2],
    ] as const) {
      const log = await openLog({ orders: 1 })
      await log.append('orders', 0, 2)
      expect((await log.join('one', { start })).seen).toHaveLength(expected)
    }
  })

  test('has committed where a new group starts before anything is delivered', async () => {
    const log = await openLog({ orders: 1 })
    await log.append('orders', 0, 3)
    const one = await log.join('one', { start: 'end' })
    expect(await log.committed('orders', 0)).toBe(3)
    await one.subscription.close()
    await log.append('orders', 0)
    expect((await log.join('two', { start: 'end' })).seen).toEqual(['orders/0 3'])
  })

  test('gets batches no larger than it asked for', async () => {
    const log = await openLog({ orders: 1 })
    await log.append('orders', 0, 5)
    const one = await log.join('one', { fetch: { maxRecords: 2, maxBytes: 1_000 } })
    expect(one.seen).toHaveLength(5)
  })

  test('gets nothing of a paused partition until it is resumed', async () => {
    const log = await openLog({ orders: 2 })
    const one = await log.join('one')
    one.subscription.pause(one.assignment('orders/0'))
    await log.append('orders', 0)
    await log.append('orders', 1)
    expect(one.seen).toEqual(['orders/1 0'])
    one.subscription.resume(one.assignment('orders/0'))
    await settle()
    expect(one.seen).toEqual(['orders/1 0', 'orders/0 0'])
  })

  test('sees a record that is appended while it looks and finds nothing', async () => {
    const log = await openLog({ orders: 1 })
    const looking = Promise.withResolvers<void>()
    const read: LogStore['read'] = async (...place) => {
      const found = await log.store.read(...place)
      await looking.promise
      return found
    }
    const one = await log.join('one', { store: overriding(log.store, { read }) })
    await log.append('orders', 0)
    looking.resolve()
    await settle()
    expect(one.seen).toEqual(['orders/0 0'])
  })

  test('delivers nothing of a partition whose next record was deleted, whatever the runtime asks', async () => {
    const log = await openLog({ orders: 1 })
    await log.append('orders', 0, 3)
    await log.store.moveCommits('billing', [{ topic: 'orders', partition: 0, offset: 0, state: '' }], 0, {
      again: false,
    })
    await log.store.truncate('orders', 0, 2)
    const one = await log.join('one')
    one.subscription.resume(one.assignment('orders/0'))
    await log.append('orders', 0)
    expect([one.announced.length, one.seen]).toEqual([1, []])
  })

  test('reads the next full batch while the runtime is at work on one, and no further', async () => {
    const { log, reads, one, batches } = await readingAhead()
    await batches.next()
    await batches.next()
    await settle()
    expect(reads).toEqual([0, 2])
    expect((await batches.next()).value?.records[0]?.offset).toBe(2)
    await settle()
    expect(reads).toEqual([0, 2, 4])
    await one.close()
    await log.append('orders', 0)
    expect([await batches.next(), reads]).toEqual([{ done: true, value: undefined }, [0, 2, 4]])
  })

  test('gets nothing that was read ahead of a partition that is paused meanwhile, until it goes on', async () => {
    const { one, batches } = await readingAhead()
    await batches.next()
    await batches.next()
    const [assignment] = one.assigned
    if (assignment === undefined) throw new Error('It owns nothing.')
    one.pause(assignment)
    const next = batches.next()
    const seen: string[] = []
    void next.then(() => seen.push('batch'))
    await settle()
    seen.push('resumed')
    one.resume(assignment)
    expect((await next).value?.records.map((record: StoredRecord) => record.offset)).toEqual([2, 3])
    expect(seen).toEqual(['resumed', 'batch'])
    await one.close()
  })

  test('gets nothing that was read ahead of a partition that is lost meanwhile', async () => {
    const { one, batches } = await readingAhead()
    await batches.next()
    await batches.next()
    const [assignment] = one.assigned
    if (assignment === undefined) throw new Error('It owns nothing.')
    await one.release(assignment)
    const { value } = await batches.next()
    expect(value?.assignment.generation).toBeGreaterThan(assignment.generation)
    expect(value?.records).toEqual([])
    await one.close()
  })

  test('ends when it is closed, as often as that is', async () => {
    const log = await openLog()
    const one = await log.join('one')
    const [assignment] = one.announced
    await Promise.all([one.subscription.close(), one.subscription.close()])
    await settle()
    expect([one.ended, one.owned(), assignment?.revoked.aborted]).toEqual(['closed', [], true])
  })

  test('stops at a damaged record, says so, and goes on with the other partitions', async () => {
    const log = await openLog({ orders: 2 })
    const damage = new TidingsError('record_corrupt', 'The record at offset 0 is not what was written.')
    const read: LogStore['read'] = (topic, partition, ...rest) =>
      partition === 0 ? Promise.reject(damage) : log.store.read(topic, partition, ...rest)
    const warned = once(process, 'warning')
    const one = await log.join('one', { store: overriding(log.store, { read }) })
    for (const partition of [0, 1]) await log.append('orders', partition, 2)
    expect(one.seen).toEqual(['orders/1 0', 'orders/1 1'])
    expect(one.ended).toBe(undefined)
    expect((await warned)[0]).toBe(damage)
  })

  test('stops where retention has deleted what it would read next, and says so', async () => {
    const log = await openLog({ orders: 1 })
    const one = await log.join('one', { fetch: { maxRecords: 2, maxBytes: 1_000 } })
    one.subscription.pause(one.assignment('orders/0'))
    await log.append('orders', 0, 10)
    await log.store.truncate('orders', 0, 5)
    const warned = once(process, 'warning')
    one.subscription.resume(one.assignment('orders/0'))
    await settle()
    expect(one.seen).toEqual([])
    expect((await warned)[0]).toMatchObject({ code: 'reset_required' })
  })
})

describe('Two members', () => {
  test('split the partitions, and each record is delivered once', async () => {
    const log = await openLog()
    const one = await log.join('one')
    const two = await log.join('two')
    expect([one.owned(), two.owned()]).toEqual([
      ['orders/2', 'orders/3'],
      ['orders/0', 'orders/1'],
    ])
    for (const partition of [0, 1, 2, 3]) await log.append('orders', partition, 3)
    expect([...one.seen, ...two.seen].toSorted()).toEqual(
      allOrders.flatMap((name) => [0, 1, 2].map((offset) => `${name} ${offset}`)),
    )
  })

  test('hand a partition over drained: the new owner begins when the old one has let go', async () => {
    const log = await openLog({ orders: 2 })
    const one = await log.join('one', { releases: false })
    const two = await log.join('two')
    await log.append('orders', 0)
    await log.clock.advance(sessionTimeoutMs * 2)
    expect([one.owned(), two.owned(), one.seen, two.seen]).toEqual([['orders/0', 'orders/1'], [], [], []])
    expect([one.assignment('orders/0').leaving.aborted, one.assignment('orders/1').leaving.aborted]).toEqual([
      true,
      false,
    ])
    await one.subscription.release(one.assignment('orders/0'))
    await settle()
    expect([one.owned(), two.owned(), two.seen]).toEqual([['orders/1'], ['orders/0'], ['orders/0 0']])
  })

  test('do not both have a partition when a heartbeat is under way as one lets go', async () => {
    const log = await openLog({ orders: 2 })
    const saving = Promise.withResolvers<void>()
    let slow = false
    const saveGroup: LogStore['saveGroup'] = async (...save) => {
      const saved = await log.store.saveGroup(...save)
      if (slow) await saving.promise
      return saved
    }
    const one = await log.join('one', { releases: false, store: overriding(log.store, { saveGroup }) })
    const two = await log.join('two')
    slow = true
    await log.clock.advance(heartbeatEveryMs)
    const released = one.subscription.release(one.assignment('orders/0'))
    await settle()
    slow = false
    saving.resolve()
    await released
    await settle()
    expect(one.announced).toHaveLength(2)
    expect([one.owned(), two.owned()]).toEqual([['orders/1'], ['orders/0']])
  })

  test('go on from the last commit when one leaves', async () => {
    const log = await openLog({ orders: 2 })
    const one = await log.join('one')
    const two = await log.join('two')
    await log.append('orders', 0, 2)
    await log.append('orders', 1, 2)
    await two.subscription.close()
    await settle()
    expect(one.owned()).toEqual(['orders/0', 'orders/1'])
    await log.append('orders', 0)
    expect([two.seen, one.seen]).toEqual([
      ['orders/0 0', 'orders/0 1'],
      ['orders/1 0', 'orders/1 1', 'orders/0 2'],
    ])
  })

  test('of which one falls silent: the other has its partitions as soon as the lease ends', async () => {
    const log = await openLog({ orders: 2 })
    let silent = false
    const loadGroup: LogStore['loadGroup'] = (group) =>
      silent ? new Promise(() => undefined) : log.store.loadGroup(group)
    const one = await log.join('one', { store: overriding(log.store, { loadGroup }) })
    const two = await log.join('two')
    const zombie = one.assignment('orders/1')
    silent = true
    await log.clock.advance(sessionTimeoutMs - 1)
    expect(two.owned()).toEqual(['orders/0'])
    await log.clock.advance(1)
    expect(two.owned()).toEqual(['orders/0', 'orders/1'])

    const commit = { assignment: zombie, offset: 7, state: '' }
    expect(await one.subscription.commit([commit])).toEqual([zombie])
    expect([zombie.revoked.aborted, await log.committed('orders', 1)]).toEqual([true, 0])
  })

  test('of which one falls silent while the file is busy: the other does not wait for a whole heartbeat more', async () => {
    const log = await openLog({ orders: 2 })
    let silent = false
    const one = await log.join('one', {
      store: overriding(log.store, {
        loadGroup: (group) => (silent ? new Promise(() => undefined) : log.store.loadGroup(group)),
      }),
    })
    let leaseEndMs = Number.POSITIVE_INFINITY
    const late = async <Result>(delayMs: number, run: () => Promise<Result>): Promise<Result> => {
      await sleep(log.clock, delayMs)
      return run()
    }
    const joining = log.join('two', {
      store: overriding(log.store, {
        loadGroup: (group) =>
          late(log.clock.monotonic() < leaseEndMs - 50 ? 20 : 0, () => log.store.loadGroup(group)),
        saveGroup: (...save) => late(30, () => log.store.saveGroup(...save)),
      }),
    })
    await log.clock.advance(1_000)
    const two = await joining
    silent = true
    const { state } = await log.store.loadGroup('billing')
    leaseEndMs = state.members['one']?.leaseUntilMs ?? Number.NaN
    await log.clock.advance(leaseEndMs - log.clock.monotonic() - 100)
    expect([one.owned(), two.owned()]).toEqual([['orders/1'], ['orders/0']])
    await log.clock.advance(200)
    expect(two.owned()).toEqual(['orders/0', 'orders/1'])
  })

  test('of which one cannot reach the engine: it gives up when its lease ends, and comes back', async () => {
    const log = await openLog({ orders: 2 })
    let unreachable = false
    const loadGroup: LogStore['loadGroup'] = (group) =>
      unreachable
        ? Promise.reject(new TidingsError('engine_unreachable', 'The disk is gone.'))
        : log.store.loadGroup(group)
    const one = await log.join('one', { store: overriding(log.store, { loadGroup }) })
    const two = await log.join('two')
    unreachable = true
    await log.clock.advance(sessionTimeoutMs + heartbeatEveryMs)
    expect([one.owned(), two.owned(), one.ended]).toEqual([[], ['orders/0', 'orders/1'], undefined])
    unreachable = false
    await log.clock.advance(heartbeatEveryMs)
    expect([one.owned(), two.owned()]).toEqual([['orders/0'], ['orders/1']])
  })

  test('of which one was stopped past its lease: it holds nothing from the moment it wakes, and then joins again', async () => {
    const log = await openLog({ orders: 2 })
    const clock = new StoppableClock(log.clock)
    // It notices nothing of what the other does while it is stopped.
    const store = overriding(log.store, { watch: () => () => undefined })
    const one = await log.join('one', { clock, store })
    const two = await log.join('two')
    await log.clock.advance(heartbeatEveryMs)
    const held = one.assignment('orders/1')
    clock.stop()
    await log.clock.advance(sessionTimeoutMs - 1)
    expect([held.isHeld(), held.revoked.aborted]).toEqual([true, false])
    await log.clock.advance(1)
    expect(two.owned()).toEqual(['orders/0', 'orders/1'])
    clock.wake()
    expect([held.isHeld(), held.revoked.aborted, one.owned()]).toEqual([false, true, []])
    await log.clock.advance(heartbeatEveryMs)
    expect([one.owned(), two.owned()]).toEqual([['orders/0'], ['orders/1']])
    expect([held.isHeld(), one.assignment('orders/0').isHeld()]).toEqual([false, true])
  })

  test('of which one was stopped past its lease and nobody took over: what it held is announced to it anew', async () => {
    const log = await openLog({ orders: 1 })
    const clock = new StoppableClock(log.clock)
    const one = await log.join('one', { clock })
    const held = one.assignment('orders/0')
    clock.stop()
    await log.clock.advance(sessionTimeoutMs)
    expect(held.isHeld()).toBe(false)
    clock.wake()
    await settle()
    expect(one.announced).toEqual([held, one.assignment('orders/0')])
    await log.append('orders', 0)
    expect(one.seen).toEqual(['orders/0 0'])
  })

  test('of which one joins and dies a hundred times a minute: nothing is lost, and the group forgets the dead', async () => {
    const log = await openLog({ orders: 4 })
    const steady = await log.join('steady')
    const visitors: MemberUnderTest[] = []
    let most = 0
    for (let visit = 0; visit < 100; visit++) {
      let silent = false
      const store = overriding(log.store, {
        loadGroup: (group) => (silent ? new Promise(() => undefined) : log.store.loadGroup(group)),
        commit: (...commit) => (silent ? new Promise(() => undefined) : log.store.commit(...commit)),
      })
      visitors.push(await log.join(`visitor-${visit}`, { store }))
      await log.append('orders', visit % 4)
      await log.clock.advance(300)
      silent = true
      await log.clock.advance(300)
      const { state } = await log.store.loadGroup('billing')
      most = Math.max(most, Object.keys(state.members).length)
    }
    expect(most).toBeLessThanOrEqual(sessionTimeoutMs / 600 + 2)
    await log.clock.advance(2 * sessionTimeoutMs)
    expect(steady.owned()).toEqual(allOrders)
    const seen = new Set([steady, ...visitors].flatMap((member) => member.seen))
    expect(seen.size).toBe(100)
    const { state } = await log.store.loadGroup('billing')
    expect(Object.keys(state.members)).toEqual(['steady'])
  })

  test('of which one has a wall clock a day ahead, and whose host sets its clock: no lease ends', async () => {
    const log = await openLog({ orders: 2 })
    const { clock } = log
    const ahead = {
      now: () => clock.now() + 86_400_000,
      monotonic: () => clock.monotonic(),
      schedule: (delayMs: number, callback: () => void) => clock.schedule(delayMs, callback),
      defer: (callback: () => void) => clock.defer(callback),
    }
    const one = await log.join('one', { clock: ahead })
    const two = await log.join('two')
    const owned = (): unknown => [one.owned(), two.owned()]
    const announced = one.announced.length + two.announced.length
    for (const jumpMs of [0, 3_600_000, -7_200_000]) {
      clock.jump(jumpMs)
      await clock.advance(3 * sessionTimeoutMs)
      expect(owned()).toEqual([['orders/1'], ['orders/0']])
    }
    expect(one.announced.length + two.announced.length).toBe(announced)
  })

  test('of versions with different topics share what both consume', async () => {
    const log = await openLog({ orders: 2, carts: 2 })
    const old = await log.join('old', { topics: ['orders'] })
    const fresh = await log.join('new', { topics: ['orders', 'carts'] })
    expect([old.owned(), fresh.owned()]).toEqual([
      ['orders/0', 'orders/1'],
      ['carts/0', 'carts/1'],
    ])
    await old.subscription.close()
    await settle()
    expect(fresh.owned()).toEqual(['carts/0', 'carts/1', 'orders/0', 'orders/1'])
  })

  test('under one id, one after the other: the commits of the earlier one are refused', async () => {
    const log = await openLog({ orders: 1 })
    const crashed = await log.join('pod-0')
    const held = crashed.assignment('orders/0')
    const restarted = await log.join('pod-0')
    await log.append('orders', 0)
    expect(restarted.seen).toEqual(['orders/0 0'])
    expect(restarted.assignment('orders/0').generation).toBeGreaterThan(held.generation)
    expect(await crashed.subscription.commit([{ assignment: held, offset: 0, state: '' }])).toEqual([held])
    expect(await log.committed('orders', 0)).toBe(1)
  })

  test('join at the same time', async () => {
    const log = await openLog()
    const members = await Promise.all(['one', 'two', 'three', 'four'].map((name) => log.join(name)))
    await log.clock.advance(heartbeatEveryMs)
    expect(members.map((member) => member.owned().length)).toEqual([1, 1, 1, 1])
    expect(members.flatMap((member) => member.owned()).toSorted()).toEqual(allOrders)
  })
})
