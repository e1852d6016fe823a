import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../testing/index.ts'
import { createIds, seededRandom, systemClock, systemRandom } from './index.ts'

describe('Ids', () => {
  test('are UUIDs of version 7 that carry the time', () => {
    const clock = new VirtualClock('2026-01-01T00:00:00Z')
    const id = createIds(clock, seededRandom(1))()
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(clock.now())
  })

  test('sort by the time they were made', async () => {
    const clock = new VirtualClock()
    const create = createIds(clock, seededRandom(1))
    const ids: string[] = []
    for (let at = 0; at < 50; at++) {
      ids.push(create())
      await clock.advance(1)
    }
    expect(ids.toSorted()).toEqual(ids)
  })

  test('do not repeat', () => {
    const create = createIds(systemClock, systemRandom)
    expect(new Set(Array.from({ length: 10_000 }, create)).size).toBe(10_000)
  })

  test('are the same for the same seed and time', () => {
    const clock = new VirtualClock()
    const three = (): string[] => Array.from({ length: 3 }, createIds(clock, seededRandom(7)))
    expect(three()).toEqual(three())
  })
})
