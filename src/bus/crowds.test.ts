import { expect, test } from 'vitest'
import { fast, openFixture, placed } from './orders.fixture.ts'

test('Ten thousand keys that fail at once hold up no other key, and each becomes a dead letter', async () => {
  await using fixture = await openFixture()
  const handled: string[] = []
  const group = fixture.bus.group('billing', { start: 'start', retry: fast }).on(placed, ({ event }) => {
    if (event.data.orderId.startsWith('bad')) throw new Error('down')
    handled.push(event.data.orderId)
  })
  void group.run()
  const keys = Array.from({ length: 10_000 }, (_, index) => `bad${index}`)
  await fixture.place(...keys)
  await fixture.place('good')
  await fixture.clock.advance(1_500)
  expect(handled).toEqual(['good'])
  await fixture.clock.advance(10_000)
  expect(await fixture.bus.deadLetters.count({ states: ['dead'] })).toBe(10_000)
  expect(await fixture.bus.deadLetters.count({ states: ['set-aside'] })).toBe(0)
  expect((await fixture.bus.admin.lag('billing')).map(({ lag }) => lag)).toEqual([0, 0])
}, 60_000)
