import { expect, test } from 'vitest'
import { type Fixture, fast, openFixture, placed } from './orders.fixture.ts'

/** A group that has a dead letter of order `bad`, and an event of order `slow` that is to be attempted again. */
async function failing(fixture: Fixture): Promise<{ readonly seen: string[]; readonly mend: () => void }> {
  const seen: string[] = []
  let broken = true
  const group = fixture.bus
    .group('billing', { start: 'start', afterDeadLetter: 'hold', retry: fast })
    .on(placed, ({ event, attempt }) => {
      if (broken) seen.push(`${event.data.orderId} ${attempt}`)
      if (broken) throw new Error('down')
      seen.push(`${event.data.orderId} handled`)
    })
  void group.run()
  await fixture.place('bad', 'bad')
  await fixture.clock.advance(10_000)
  await fixture.place('slow')
  await fixture.clock.advance(0)
  return { seen, mend: () => void (broken = false) }
}

test('While a group is paused its retries, its parked events and its redrives wait', async () => {
  await using fixture = await openFixture()
  const { seen, mend } = await failing(fixture)
  expect(seen).toEqual(['bad 1', 'bad 2', 'bad 3', 'slow 1'])
  await fixture.bus.admin.pause('billing')
  await fixture.clock.advance(100)
  mend()
  const { entries } = await fixture.bus.deadLetters.list({ states: ['dead'] })
  await fixture.bus.deadLetters.request(entries.map(({ id }) => id))
  await fixture.clock.advance(60_000)
  expect(seen).toHaveLength(4)
  expect(await fixture.bus.deadLetters.count({ states: ['requested', 'parked'] })).toBe(2)
  await fixture.bus.admin.resume('billing')
  await fixture.clock.advance(10_000)
  expect(seen.slice(4).toSorted()).toEqual(['bad handled', 'bad handled', 'slow handled'])
  expect(await fixture.bus.deadLetters.count({ states: ['requested', 'parked'] })).toBe(0)
})

test('A handler at work when its group is paused is finished and committed, not repeated', async () => {
  await using fixture = await openFixture()
  const { promise: done, resolve: finish } = Promise.withResolvers<void>()
  const seen: string[] = []
  const group = fixture.bus.group('billing', { start: 'start' }).on(placed, async ({ event, signal }) => {
    seen.push(event.data.orderId)
    await done
    expect(signal.aborted).toBe(false)
  })
  void group.run()
  await fixture.place('one')
  await fixture.clock.advance(100)
  await fixture.bus.admin.pause('billing')
  await fixture.clock.advance(5_000)
  finish()
  await fixture.clock.advance(100)
  const lags = await fixture.bus.admin.lag('billing')
  expect(lags.reduce((sum, { lag }) => sum + lag, 0)).toBe(0)
  await fixture.bus.admin.resume('billing')
  await fixture.clock.advance(5_000)
  expect(seen).toEqual(['one'])
})
