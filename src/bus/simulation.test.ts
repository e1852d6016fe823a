import { expect, test } from 'vitest'
import { constant, type Random, seededRandom } from '../kernel/index.ts'
import type { Group } from './group.ts'
import { type Fixture, openFixture, placed } from './orders.fixture.ts'

/** What a run promises, whatever fails: kept while handlers throw, members come and go, and partitions overflow. */
class Watcher {
  readonly #running = new Set<string>()
  readonly #finished = new Map<string, number>()
  readonly handled = new Set<number>()
  readonly violations: string[] = []

  start(key: string, number: number): void {
    if (this.#running.has(key)) this.violations.push(`two handlers of ${key} at once`)
    this.#running.add(key)
    if (number < (this.#finished.get(key) ?? -1))
      this.violations.push(`${key}: ${number} after ${this.#finished.get(key)}`)
  }

  end(key: string, number: number, ended: 'handled' | 'failed'): void {
    this.#running.delete(key)
    if (ended === 'failed') return
    this.handled.add(number)
    this.#finished.set(key, number)
  }
}

let members = 0

async function member(
  fixture: Fixture,
  random: Random,
  watcher: Watcher,
): Promise<Group<'com.example.orders.placed'>> {
  const bus = await fixture.anotherBus()
  const retry = { attempts: 6, backoff: constant('300ms', { jitter: 0.5 }) }
  const group = bus
    .group('group', { start: 'start', member: `member-${++members}`, concurrency: 4, maxAhead: 7, retry })
    .on(placed, async ({ event }) => {
      const { orderId, number } = event.data
      watcher.start(orderId, number)
      const fails = orderId.startsWith('bad') || random.next() < 0.2
      await new Promise<void>((resolve) => fixture.clock.schedule(random.next() * 50, resolve))
      watcher.end(orderId, number, fails ? 'failed' : 'handled')
      if (fails) throw new Error('no luck')
    })
  void group.run()
  return group
}

/** Returns how many events were handled after they had been set aside. */
async function simulate(seed: number): Promise<number> {
  const random = seededRandom(seed)
  const below = (count: number): number => Math.floor(random.next() * count)
  await using fixture = await openFixture()
  const watcher = new Watcher()
  const group = [await member(fixture, random, watcher)]
  let published = 0
  for (let step = 0; step < 12; step++) {
    const keys = Array.from({ length: below(20) }, () =>
      below(8) === 0 ? `bad${below(2)}` : `key${below(6)}`,
    )
    published += keys.length
    await fixture.place(...keys)
    if (below(3) === 0 && group.length < 4) group.push(await member(fixture, random, watcher))
    if (below(4) === 0 && group.length > 1) {
      const stopping = group.splice(below(group.length), 1)[0]?.stop()
      await fixture.clock.advance(1_000)
      await stopping
    }
    await fixture.clock.advance(below(2_000))
  }
  await fixture.clock.advance(600_000)
  const dead = await fixture.bus.deadLetters.list({}, { limit: 1_000 })
  expect(watcher.violations, `seed ${seed}`).toEqual([])
  expect(
    dead.entries
      .filter(({ state }) => state !== 'dead' && state !== 'handled')
      .map(({ id, state }) => [id, state]),
    `seed ${seed}`,
  ).toEqual([])
  const numbers = dead.entries.filter(({ state }) => state === 'dead').length + watcher.handled.size
  expect(numbers, `seed ${seed}: every event is handled or dead`).toBe(published)
  expect(
    (await fixture.bus.admin.lag('group')).map(({ lag }) => lag),
    `seed ${seed}`,
  ).toEqual([0, 0])
  return dead.entries.filter(({ state }) => state === 'handled').length
}

test('Whatever fails: order per key, nothing lost, nothing stuck', async () => {
  let setAside = 0
  for (let seed = 1; seed <= 30; seed++) setAside += await simulate(seed)
  expect(setAside, 'events that were set aside, and handled from there').toBeGreaterThan(0)
}, 60_000)
