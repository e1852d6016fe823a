import { expect, test } from 'vitest'
import { memoryInbox } from '../memory/index.ts'
import { fast, openFixture, paid } from './orders.fixture.ts'

test('A handler may return any thenable, not only a Promise', async () => {
  await using fixture = await openFixture()
  class Query {
    // oxlint-disable-next-line unicorn/no-thenable -- query builders do this
    then(fulfil: () => void): Query {
      fulfil()
      return this
    }
  }
  void fixture.bus
    .group('billing', { start: 'start' })
    .on(paid, () => new Query())
    .run()
  await fixture.bus.publish(paid, { orderId: 'a' })
  await fixture.clock.advance(1_000)
  expect(fixture.reports.map(({ outcome }) => outcome)).toEqual(['handled'])
})

test('A transaction that the handler does not await belongs to its attempt all the same', async () => {
  await using fixture = await openFixture()
  const inbox = memoryInbox({ clock: fixture.clock })
  const group = fixture.bus.group('billing', { start: 'start', inbox, retry: fast })
  void group
    .on(paid, ({ transact, attempt }) => {
      void transact((tx) => {
        if (attempt === 1) throw new Error('no')
        tx.set('written', attempt)
      })
    })
    .run()
  await fixture.bus.publish(paid, { orderId: 'a' })
  await fixture.clock.advance(5_000)
  expect(fixture.reports.map(({ outcome }) => outcome)).toEqual(['failed', 'handled'])
  expect(inbox.rows.get('written')).toBe(2)
})

test('A second transact in one handler is a dead letter that says so, not a silent loss', async () => {
  await using fixture = await openFixture()
  const inbox = memoryInbox({ clock: fixture.clock })
  const group = fixture.bus.group('billing', { start: 'start', inbox, retry: fast })
  void group
    .on(paid, async ({ transact }) => {
      await transact((tx) => void tx.set('first', true))
      await transact((tx) => void tx.set('second', true))
    })
    .run()
  await fixture.bus.publish(paid, { orderId: 'a' })
  await fixture.clock.advance(5_000)
  expect([...inbox.rows.keys()]).toEqual(['first'])
  expect(fixture.reports.map(({ outcome }) => outcome)).toEqual(['dead-letter'])
  expect(fixture.reports[0]?.error?.message).toMatch(/^transaction_invalid: .*second time/)
})

test('transact without an inbox says that the group has none', async () => {
  await using fixture = await openFixture()
  const group = fixture.bus.group('billing', { start: 'start', retry: { attempts: 1 } })
  void group
    .on(paid, (delivery) => {
      // @ts-expect-error -- it does not compile either
      void delivery.transact(() => undefined)
    })
    .run()
  await fixture.bus.publish(paid, { orderId: 'a' })
  await fixture.clock.advance(1_000)
  expect(fixture.reports[0]?.error?.message).toMatch(/^option_invalid: .*no inbox/)
})

test('A backoff that throws does not hold its key for ever', async () => {
  await using fixture = await openFixture()
  const group = fixture.bus.group('billing', { start: 'start', retry: { attempts: 2, backoff: mistaken } })
  void group
    .on(paid, () => {
      throw new Error('down')
    })
    .run()
  await fixture.bus.publish(paid, { orderId: 'a' })
  await fixture.clock.advance(60_000)
  expect(fixture.reports.map(({ outcome }) => outcome)).toEqual(['failed', 'dead-letter'])
})

function mistaken(): number {
  throw new Error('a mistake in the policy')
}

test('A transaction that fails before the handler returns fails the attempt, also where nobody awaits it', async () => {
  await using fixture = await openFixture()
  const inbox = memoryInbox({ clock: fixture.clock })
  const group = fixture.bus.group('billing', { start: 'start', inbox, retry: fast })
  void group
    .on(paid, async ({ transact, attempt }) => {
      void transact((tx) => {
        if (attempt === 1) throw new Error('constraint')
        tx.set('written', attempt)
      })
      await new Promise<void>((resolve) => fixture.clock.schedule(10, resolve))
    })
    .run()
  await fixture.bus.publish(paid, { orderId: 'a' })
  await fixture.clock.advance(5_000)
  expect(fixture.reports.map(({ outcome }) => outcome)).toEqual(['failed', 'handled'])
  expect(inbox.rows.get('written')).toBe(2)
})

test('A transaction that takes the place of one that failed decides', async () => {
  await using fixture = await openFixture()
  const inbox = memoryInbox({ clock: fixture.clock })
  const group = fixture.bus.group('billing', { start: 'start', inbox, retry: fast })
  void group
    .on(paid, async ({ transact }) => {
      try {
        await transact(() => {
          throw new Error('known already')
        })
      } catch {
        await transact((tx) => void tx.set('instead', true))
      }
    })
    .run()
  await fixture.bus.publish(paid, { orderId: 'a' })
  await fixture.clock.advance(5_000)
  expect(fixture.reports.map(({ outcome }) => outcome)).toEqual(['handled'])
  expect([...inbox.rows.keys()]).toEqual(['instead'])
})
