import { expect, test } from 'vitest'
import { type MemoryInbox, memoryInbox } from '../memory/index.ts'
import type { Group } from './group.ts'
import { type Fixture, openFixture, placed } from './orders.fixture.ts'

/** Orders, each with an effect in the inbox's database, and the keys that its handler would give to others. */
class Billing {
  readonly inbox: MemoryInbox = memoryInbox()
  readonly keys: string[] = []
  readonly fixture: Fixture

  constructor(fixture: Fixture) {
    this.fixture = fixture
  }

  /** Runs a member until everything is handled, and stops it. */
  async catchUp(): Promise<void> {
    const bus = await this.fixture.anotherBus()
    const group: Group<'com.example.orders.placed' | 'com.example.orders.paid', unknown> = bus
      .group('billing', { start: 'start', rewind: 'allowed', inbox: this.inbox })
      .on(placed, async ({ event, transact, idempotencyKey }) => {
        this.keys.push(idempotencyKey)
        await transact((rows) => void rows.set(event.id, Number(rows.get(event.id) ?? 0) + 1))
      })
    void group.run()
    await this.fixture.clock.advance(1_000)
    const stopping = group.stop()
    await this.fixture.clock.advance(1_000)
    await stopping
  }

  /** How often each event had its effect. */
  get effects(): unknown[] {
    return [...this.inbox.rows.values()]
  }

  get outcomes(): string[] {
    return this.fixture.reports.map(({ outcome }) => outcome)
  }
}

/** Orders are handled, and then once more. */
async function handledTwice(billing: Billing, ...orderIds: readonly string[]): Promise<void> {
  await billing.fixture.place(...orderIds)
  await billing.catchUp()
  await billing.fixture.bus.admin.seek('billing', 'orders', 'start', { again: true })
  await billing.catchUp()
}

test('A group that is moved back finds only duplicates', async () => {
  await using fixture = await openFixture()
  const billing = new Billing(fixture)
  await fixture.place('a', 'b', 'c')
  await billing.catchUp()
  await fixture.bus.admin.seek('billing', 'orders', 'start')
  await billing.catchUp()
  expect(billing.effects).toEqual([1, 1, 1])
  expect(billing.outcomes.slice(3)).toEqual(['duplicate', 'duplicate', 'duplicate'])
  expect(billing.keys).toHaveLength(3)
})

test('A group that is moved back again has every effect once more, and once only', async () => {
  await using fixture = await openFixture()
  const billing = new Billing(fixture)
  await handledTwice(billing, 'a', 'b', 'c')
  expect(billing.effects).toEqual([2, 2, 2])
  await fixture.bus.admin.seek('billing', 'orders', 'start')
  await billing.catchUp()
  expect(billing.effects).toEqual([2, 2, 2])
  await fixture.bus.admin.seek('billing', 'orders', 'start', { again: true })
  await billing.catchUp()
  expect(billing.effects).toEqual([3, 3, 3])
})

test('The idempotency key is the same as ever until its event is sought again', async () => {
  await using fixture = await openFixture()
  const billing = new Billing(fixture)
  await handledTwice(billing, 'a')
  expect(billing.keys[0]).toMatch(/^billing \/tests /)
  expect(billing.keys[1]).toMatch(/^billing#\d+ \/tests /)
  expect(new Set(billing.keys.map((key) => key.split(' ').slice(1).join(' '))).size).toBe(1)
})

test('What is moved again in one partition is handled once more, and nothing in the others', async () => {
  await using fixture = await openFixture()
  const billing = new Billing(fixture)
  await fixture.place('a', 'b', 'c', 'd', 'e', 'f')
  await billing.catchUp()
  const [topic] = await fixture.bus.admin.topics()
  const inFirst = topic?.bounds[0]?.end ?? 0
  await fixture.bus.admin.seek('billing', 'orders', 'start', { partition: 0, again: true })
  await fixture.bus.admin.seek('billing', 'orders', 'start', { partition: 1 })
  await billing.catchUp()
  expect(billing.effects.filter((count) => count === 2)).toHaveLength(inFirst)
  expect(inFirst).toBeGreaterThan(0)
  expect(inFirst).toBeLessThan(6)
  expect(billing.outcomes.filter((outcome) => outcome === 'duplicate')).toHaveLength(6 - inFirst)
})

test('A group that is forgotten and joins anew is not taken for one of its earlier runs', async () => {
  await using fixture = await openFixture()
  const billing = new Billing(fixture)
  await handledTwice(billing, 'a')
  await fixture.bus.admin.forget('billing')
  await billing.catchUp()
  expect(billing.effects).toEqual([2])
  await fixture.bus.admin.seek('billing', 'orders', 'start', { again: true })
  await billing.catchUp()
  expect(billing.effects).toEqual([3])
})
