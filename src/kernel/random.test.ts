import { describe, expect, test } from 'vitest'
import { type Random, seededRandom, systemRandom } from './index.ts'

describe.each<[string, Random]>([
  ['The system', systemRandom],
  ['A seed', seededRandom(42)],
])('Chance from %s', (_, random) => {
  test('is even in [0, 1)', () => {
    const numbers = Array.from({ length: 10_000 }, () => random.next())
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true)
    const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.03)
  })

  test('fills bytes of every value', () => {
    const bytes = new Uint8Array(10_000)
    random.fill(bytes)
    expect(new Set(bytes).size).toBe(256)
  })
})

test('A seed repeats itself, and another gives other numbers', () => {
  expect(fiveOf(1)).toEqual(fiveOf(1))
  expect(fiveOf(1)).not.toEqual(fiveOf(2))
})

function fiveOf(seed: number): number[] {
  const random = seededRandom(seed)
  return Array.from({ length: 5 }, () => random.next())
}
