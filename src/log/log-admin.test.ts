import { describe, expect, test } from 'vitest'
import { LogAdmin } from './log-admin.ts'
import type { LogStore } from './log-store.ts'
import { type LogFixture, type MemberUnderTest, openLog, sessionTimeoutMs } from './member.fixture.ts'

function adminOf({ store, clock }: LogFixture): LogAdmin {
  return new LogAdmin(store, clock)
}

function overriding(store: LogStore, methods: Partial<LogStore>): LogStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** A member that cannot renew its lease any more, until it is let go on. */
async function joinPausable(log: LogFixture): Promise<[member: MemberUnderTest, goOn: () => void]> {
  const goingOn = Promise.withResolvers<void>()
  let paused = false
  const loadGroup: LogStore['loadGroup'] = async (group) => {
    if (paused) await goingOn.promise
    return log.store.loadGroup(group)
  }
  const member = await log.join('one', { store: overriding(log.store, { loadGroup }) })
  paused = true
  return [member, goingOn.resolve]
}

describe('The administration of a log', () => {
  test('shows topics with their bounds', async () => {
    const log = await openLog({ orders: 2 })
    await log.append('orders', 1, 3)
    const [topic] = await adminOf(log).topics()
    expect(topic).toMatchObject({ name: 'orders', partitions: 2, bounds: [{ end: 0 }, { end: 3 }] })
  })

  test('shows groups with the members that live', async () => {
    const log = await openLog({ orders: 2 })
    await log.join('one')
    const partitions = [0, 1].map((partition) => ({ topic: 'orders', partition }))
    expect(await adminOf(log).groups()).toEqual([
      {
        group: 'billing',
        topics: ['orders'],
        members: [{ member: 'one', partitions }],
        paused: [],
        rewind: 'allowed',
      },
    ])
  })

  test('shows the lag of a group, in events and in time', async () => {
    const log = await openLog({ orders: 1 })
    const one = await log.join('one')
    await one.subscription.close()
    await log.append('orders', 0)
    await log.clock.advance(1_500)
    await log.append('orders', 0)
    expect(await adminOf(log).lag('billing')).toEqual([
      {
        group: 'billing',
        topic: 'orders',
        partition: 0,
        committed: 0,
        end: 2,
        lag: 2,
        lagMs: 1_500,
        resetRequired: false,
      },
    ])
  })

  test('shows that a group must be reset after its next events were deleted', async () => {
    const log = await openLog({ orders: 1 })
    const one = await log.join('one')
    await one.subscription.close()
    await log.append('orders', 0, 3)
    await adminOf(log).truncate('orders', 0, 2)
    expect(await adminOf(log).lag()).toMatchObject([{ committed: 0, lag: 3, resetRequired: true }])
  })

  test('moves a group that has stopped, and refuses to move one that runs', async () => {
    const log = await openLog({ orders: 1 })
    await log.append('orders', 0, 3)
    const one = await log.join('one')
    await expect(adminOf(log).seek('billing', 'orders', 'start')).rejects.toMatchObject({ code: 'fenced' })
    await one.subscription.close()
    await adminOf(log).seek('billing', 'orders', { offset: 1 })
    expect((await log.join('two')).seen).toEqual(['orders/0 1', 'orders/0 2'])
  })

  test('moves a group whose members were killed, once their leases have ended', async () => {
    const log = await openLog({ orders: 1 })
    const [one] = await joinPausable(log)
    expect(one.owned()).toEqual(['orders/0'])
    await expect(adminOf(log).seek('billing', 'orders', 'start')).rejects.toMatchObject({ code: 'fenced' })
    await log.clock.advance(sessionTimeoutMs)
    await adminOf(log).seek('billing', 'orders', 'end')
    expect((await adminOf(log).groups())[0]?.members).toEqual([])
  })

  test('lets no member that was only paused commit over the place it has moved the group to', async () => {
    const log = await openLog({ orders: 1 })
    await log.append('orders', 0, 3)
    const [one, goOn] = await joinPausable(log)
    await log.clock.advance(sessionTimeoutMs)
    await adminOf(log).seek('billing', 'orders', { offset: 1 })
    const late = { assignment: one.assignment('orders/0'), offset: 3, state: '' }
    expect(await one.subscription.commit([late])).toEqual([late.assignment])
    expect(await log.committed('orders', 0)).toBe(1)
    goOn()
    await log.clock.advance(sessionTimeoutMs)
    expect(one.seen).toEqual([0, 1, 2, 1, 2].map((offset) => `orders/0 ${offset}`))
    expect(await log.committed('orders', 0)).toBe(3)
  })

  test('moves one partition, and leaves the others where they are', async () => {
    const log = await openLog({ orders: 2 })
    for (const partition of [0, 1]) await log.append('orders', partition, 3)
    const one = await log.join('one')
    await one.subscription.close()
    await adminOf(log).seek('billing', 'orders', { offset: 2 }, { partition: 1 })
    expect([await log.committed('orders', 0), await log.committed('orders', 1)]).toEqual([3, 2])
  })

  test('moves no partition of a group that refuses to go back, when one of them would; forward it does', async () => {
    const log = await openLog({ orders: 2 })
    for (const partition of [0, 1]) await log.append('orders', partition, 3)
    await (await log.join('one', { rewind: 'refused' })).subscription.close()
    const admin = adminOf(log)
    await admin.seek('billing', 'orders', { offset: 1 }, { partition: 1, force: true })
    await expect(admin.seek('billing', 'orders', { offset: 2 })).rejects.toThrow(
      /^rewind_refused: Group "billing" .*--force.*rewind: 'allowed'/,
    )
    expect([await log.committed('orders', 0), await log.committed('orders', 1)]).toEqual([3, 1])
    await admin.seek('billing', 'orders', 'end')
    expect(await log.committed('orders', 1)).toBe(3)
  })

  test('moves nothing that is not there', async () => {
    const log = await openLog({ orders: 2 })
    const admin = adminOf(log)
    await expect(admin.seek('billing', 'orders', 'start')).rejects.toMatchObject({ code: 'group_missing' })
    await (await log.join('one')).subscription.close()
    await expect(admin.seek('billing', 'carts', 'start')).rejects.toMatchObject({ code: 'topic_missing' })
    await expect(admin.seek('billing', 'orders', 'start', { partition: 2 })).rejects.toMatchObject({
      code: 'partition_missing',
    })
    expect((await admin.groups()).map(({ group }) => group)).toEqual(['billing'])
  })

  test('looks for living members again when the group has changed while it is moved', async () => {
    const log = await openLog({ orders: 1 })
    await log.append('orders', 0, 3)
    await (await log.join('one')).subscription.close()
    let joins = true
    const moveCommits: LogStore['moveCommits'] = async (...move) => {
      if (joins) await log.join('two')
      joins = false
      return log.store.moveCommits(...move)
    }
    const admin = new LogAdmin(overriding(log.store, { moveCommits }), log.clock)
    await expect(admin.seek('billing', 'orders', 'start')).rejects.toMatchObject({ code: 'fenced' })
    expect(await log.committed('orders', 0)).toBe(3)
  })

  test('tries again when the group has changed and nobody lives in it', async () => {
    const log = await openLog({ orders: 1 })
    await log.append('orders', 0, 3)
    await (await log.join('one')).subscription.close()
    let races = 3
    const moveCommits: LogStore['moveCommits'] = async (...move) =>
      races-- > 0 ? false : log.store.moveCommits(...move)
    const admin = new LogAdmin(overriding(log.store, { moveCommits }), log.clock)
    await admin.seek('billing', 'orders', 'start')
    expect(await log.committed('orders', 0)).toBe(0)
    races = 1_000
    await expect(admin.seek('billing', 'orders', 'end')).rejects.toMatchObject({ code: 'engine_busy' })
  })

  test('forgets a group that has stopped, and refuses to forget one that runs', async () => {
    const log = await openLog({ orders: 1 })
    await log.append('orders', 0, 3)
    const one = await log.join('one')
    await expect(adminOf(log).forget('billing')).rejects.toThrow(/^fenced: .* Stop them, then forget again/)
    await one.subscription.close()
    await adminOf(log).forget('billing')
    expect(await adminOf(log).groups()).toEqual([])
    await expect(adminOf(log).forget('billing')).rejects.toMatchObject({ code: 'group_missing' })
    expect((await log.join('two')).seen).toEqual([0, 1, 2].map((offset) => `orders/0 ${offset}`))
  })

  test('lets a member that was only paused while its group was forgotten commit nothing, and join anew', async () => {
    const log = await openLog({ orders: 1 })
    await log.append('orders', 0, 3)
    const [one, goOn] = await joinPausable(log)
    await log.clock.advance(sessionTimeoutMs)
    await adminOf(log).forget('billing')
    const late = { assignment: one.assignment('orders/0'), offset: 3, state: '' }
    expect(await one.subscription.commit([late])).toEqual([late.assignment])
    goOn()
    await log.clock.advance(sessionTimeoutMs)
    expect(one.seen.slice(3)).toEqual([0, 1, 2].map((offset) => `orders/0 ${offset}`))
  })

  test('shows no lag of a partition that the group has never committed', async () => {
    const log = await openLog({ orders: 2 })
    await log.append('orders', 1, 3)
    await log.store.moveCommits('billing', [{ topic: 'orders', partition: 0, offset: 0, state: '' }], 0, {
      again: false,
    })
    expect((await adminOf(log).lag('billing')).map(({ partition }) => partition)).toEqual([0])
  })

  test('says which groups there are when one is not', async () => {
    const log = await openLog()
    await expect(adminOf(log).lag('biling')).rejects.toThrow(/group_missing: .* No group has been here/)
    await log.join('one')
    await expect(adminOf(log).lag('biling')).rejects.toThrow(/Known groups: billing/)
  })

  test('finds the offset of a place, and says which partition is not there', async () => {
    const log = await openLog({ orders: 1 })
    await log.append('orders', 0, 3)
    expect(await adminOf(log).offsetOf('orders', 0, 'end')).toBe(3)
    await expect(adminOf(log).offsetOf('orders', 1, 'end')).rejects.toMatchObject({
      code: 'partition_missing',
    })
  })

  test('calls back when something was appended, not when a group changed', async () => {
    const log = await openLog({ orders: 1 })
    let called = 0
    const stop = adminOf(log).watch(() => (called += 1))
    await log.join('one')
    expect(called).toBe(0)
    await log.append('orders', 0)
    expect(called).toBe(1)
    stop()
  })
})
