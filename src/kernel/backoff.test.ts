import { describe, expect, test } from 'vitest'
import { constant, exponential, seededRandom } from './index.ts'

const random = seededRandom(1)

describe('A backoff', () => {
  test('doubles from the first wait up to the longest', () => {
    const backoff = exponential('1s', '10s', { jitter: 0 })
    expect([1, 2, 3, 4, 5, 6].map((attempt) => backoff(attempt, random))).toEqual([
      1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
    ])
    expect(backoff(1_000_000, random)).toBe(10_000)
  })

  test('may always be the same', () => {
    const backoff = constant('250ms')
    expect([backoff(1, random), backoff(99, random)]).toEqual([250, 250])
  })

  test('that doubles differs by a tenth unless told otherwise, so that not all come back at once', () => {
    const waits = Array.from({ length: 1_000 }, () => exponential('1s', '1m')(1, random))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(900)
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_100)
    expect(new Set(waits).size).toBeGreaterThan(900)
  })

  test('refuses what is not a length of time', () => {
    expect(() => exponential('soon' as '1s', '1m')).toThrow(/option_invalid/)
  })
})
