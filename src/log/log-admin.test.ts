import { describe, expect, test } from 'vitest'
import { LogAdmin } from './log-admin.ts'
import { type LogFixture, openLog, sessionTimeoutMs } from './member.fixture.ts'

function adminOf({ store, clock }: LogFixture): LogAdmin {
  return new LogAdmin(store, clock)
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
    expect(await adminOf(log).groups()).toEqual([
      { group: 'billing', topics: ['orders'], members: [{ member: 'one', partitions: 2 }] },
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
    const killed = { loadGroup: log.store.loadGroup.bind(log.store) }
    const one = await log.join('one', {
      store: new Proxy(log.store, {
        get: (target, name) => {
          if (name === 'loadGroup') return killed.loadGroup
          const value: unknown = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      }),
    })
    killed.loadGroup = () => new Promise(() => undefined)
    expect(one.owned()).toEqual(['orders/0'])
    await expect(adminOf(log).seek('billing', 'orders', 'start')).rejects.toMatchObject({ code: 'fenced' })
    await log.clock.advance(sessionTimeoutMs)
    await adminOf(log).seek('billing', 'orders', 'end')
    expect((await adminOf(log).groups())[0]?.members).toEqual([])
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
