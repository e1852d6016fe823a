import { expect, test } from 'vitest'
import type { Group } from './group.ts'
import { type Fixture, fast, gate, openFixture, placed } from './orders.fixture.ts'

/** A group that holds keys; order `bad` fails for as long as the test says so. */
class Held {
  readonly seen: string[] = []
  readonly fixture: Fixture
  broken = true

  constructor(fixture: Fixture) {
    this.fixture = fixture
  }

  async join(): Promise<Group<'com.example.orders.placed'>> {
    const options = { start: 'start', afterDeadLetter: 'hold', retry: fast } as const
    const bus = await this.fixture.anotherBus()
    const group = bus.group('billing', options).on(placed, ({ event }) => {
      if (event.data.orderId === 'bad' && this.broken) throw new Error('down')
      this.seen.push(`${event.data.orderId}${event.data.number}`)
    })
    void group.run()
    return group
  }

  async states(): Promise<string[]> {
    const { entries } = await this.fixture.bus.deadLetters.list()
    return entries.toSorted((a, b) => a.offset - b.offset).map(({ state }) => state)
  }

  async redrive(): Promise<void> {
    const { entries } = await this.fixture.bus.deadLetters.list({ states: ['dead'] })
    await this.fixture.bus.deadLetters.request(entries.map(({ id }) => id))
    await this.fixture.clock.advance(10_000)
  }

  async lag(): Promise<number> {
    const lags = await this.fixture.bus.admin.lag('billing')
    return lags.reduce((sum, { lag }) => sum + lag, 0)
  }
}

async function withDeadLetter(
  fixture: Fixture,
): Promise<{ held: Held; group: Awaited<ReturnType<Held['join']>> }> {
  const held = new Held(fixture)
  const group = await held.join()
  await fixture.place('bad', 'bad', 'good', 'bad')
  await fixture.clock.advance(10_000)
  return { held, group }
}

test('Behind a dead letter the later events of its key are parked, and all others are handled', async () => {
  await using fixture = await openFixture()
  const { held } = await withDeadLetter(fixture)
  await fixture.place('bad', 'good')
  await fixture.clock.advance(1_000)
  expect(held.seen).toEqual(['good2', 'good5'])
  expect(await held.states()).toEqual(['dead', 'parked', 'parked', 'parked'])
  expect(await held.lag()).toBe(0)
})

test('When the dead letter is redriven and handled, what is parked follows in order, and then what is new', async () => {
  await using fixture = await openFixture()
  const { held } = await withDeadLetter(fixture)
  held.broken = false
  await held.redrive()
  await fixture.place('bad')
  await fixture.clock.advance(1_000)
  expect(held.seen).toEqual(['good2', 'bad0', 'bad1', 'bad3', 'bad4'])
  expect(await held.states()).toEqual(['handled'])
})

test('When it fails again its key stays held', async () => {
  await using fixture = await openFixture()
  const { held } = await withDeadLetter(fixture)
  await held.redrive()
  expect(held.seen).toEqual(['good2'])
  expect(await held.states()).toEqual(['dead', 'parked', 'parked'])
})

test('When a parked event fails it holds back the rest in turn', async () => {
  await using fixture = await openFixture()
  const { held } = await withDeadLetter(fixture)
  const { entries } = await fixture.bus.deadLetters.list({ states: ['dead'] })
  await fixture.bus.deadLetters.discard(entries[0]?.id ?? '', 'the card is gone')
  await fixture.clock.advance(10_000)
  expect(await held.states()).toEqual(['discarded', 'dead', 'parked'])
})

test('When it is discarded its key goes on without it', async () => {
  await using fixture = await openFixture()
  const { held } = await withDeadLetter(fixture)
  held.broken = false
  const { entries } = await fixture.bus.deadLetters.list({ states: ['dead'] })
  await fixture.bus.deadLetters.discard(entries[0]?.id ?? '', 'the card is gone')
  await fixture.clock.advance(1_000)
  expect(held.seen).toEqual(['good2', 'bad1', 'bad3'])
})

test('A restart in the middle changes nothing', async () => {
  await using fixture = await openFixture()
  const { held, group } = await withDeadLetter(fixture)
  const stopping = group.stop()
  await fixture.clock.advance(1_000)
  await stopping
  await fixture.place('bad', 'good')
  await held.join()
  await fixture.clock.advance(10_000)
  expect(held.seen).toEqual(['good2', 'good5'])
  expect(await held.states()).toEqual(['dead', 'parked', 'parked', 'parked'])
  held.broken = false
  await held.redrive()
  expect(held.seen).toEqual(['good2', 'good5', 'bad0', 'bad1', 'bad3', 'bad4'])
  expect(await held.states()).toEqual(['handled'])
})

test('A redrive waits until what is being parked behind it is with the store: nothing is delivered twice', async () => {
  await using fixture = await openFixture()
  const { held } = await withDeadLetter(fixture)
  const { deadLetters } = fixture.engine
  const put = deadLetters.put.bind(deadLetters)
  const store = gate()
  deadLetters.put = async (owner, entries) => {
    if (entries.some(({ state }) => state === 'parked')) await store.opened
    return put(owner, entries)
  }
  await fixture.place('bad')
  await fixture.clock.advance(1_000)
  held.broken = false
  await held.redrive()
  expect(held.seen).toEqual(['good2'])
  store.open()
  await fixture.clock.advance(1_000)
  expect(held.seen).toEqual(['good2', 'bad0', 'bad1', 'bad3', 'bad4'])
  expect(await held.states()).toEqual(['handled'])
})

test('A redrive asked for while no member runs is done by the next one', async () => {
  await using fixture = await openFixture()
  const { held, group } = await withDeadLetter(fixture)
  const stopping = group.stop()
  await fixture.clock.advance(1_000)
  await stopping
  held.broken = false
  await held.redrive()
  await held.join()
  await fixture.clock.advance(1_000)
  expect(held.seen).toEqual(['good2', 'bad0', 'bad1', 'bad3'])
})

test('More events than are set aside in one write are parked, in order', async () => {
  await using fixture = await openFixture()
  const { held } = await withDeadLetter(fixture)
  await fixture.place(...Array.from({ length: 1_200 }, () => 'bad'))
  await fixture.clock.advance(5_000)
  expect(await fixture.bus.deadLetters.count({ states: ['parked'] })).toBe(1_202)
  expect(await held.lag()).toBe(0)
  held.broken = false
  await held.redrive()
  const numbers = held.seen.slice(1).map((each) => Number(each.slice(3)))
  expect(numbers).toHaveLength(1_203)
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
})
