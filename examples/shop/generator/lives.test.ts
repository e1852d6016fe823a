import { expect, test } from 'vitest'
import { type Life, lives } from './lives.ts'
import { seeded } from './random.ts'

const first = (count: number, seed: number): Life[] => lives(seeded(seed), 'run').take(count).toArray()

test('the same seed makes the same orders, another one others', () => {
  expect(first(50, 1)).toEqual(first(50, 1))
  expect(first(50, 1)).not.toEqual(first(50, 2))
})

test('orders come from all three checkouts, and some are made to fail', () => {
  const many = first(1_000, 1)
  expect(new Set(many.map(({ checkout }) => checkout))).toEqual(new Set(['website', 'telephone', 'market']))
  const share = (matches: (life: Life) => boolean): number => many.filter(matches).length / many.length
  expect(share(({ sale }) => sale.userId === 'bounce')).toBeCloseTo(0.03, 1)
  expect(share(({ sale }) => sale.items.length === 0)).toBeCloseTo(0.02, 1)
  expect(share(({ steps }) => steps.at(-1)?.kind === 'deliver')).toBeGreaterThan(0.8)
})

test('every order has an id of its own', () => {
  expect(new Set(first(1_000, 1).map(({ sale }) => sale.orderId)).size).toBe(1_000)
})
