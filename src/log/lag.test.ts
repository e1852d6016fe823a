import { expect, test } from 'vitest'
import { partitionLag } from './lag.ts'

const bounds = { topic: 'orders', partition: 2, begin: 10, end: 50, bytes: 0 }

test('Lag is how many events are not committed, and how long the oldest of them waits', () => {
  expect(partitionLag('billing', bounds, 45, 1_000, 3_500)).toEqual({
    group: 'billing',
    topic: 'orders',
    partition: 2,
    committed: 45,
    end: 50,
    lag: 5,
    lagMs: 2_500,
    resetRequired: false,
  })
})

test('A group at the end has no lag', () => {
  expect(partitionLag('billing', bounds, 50, undefined, 9_999)).toMatchObject({ lag: 0, lagMs: 0 })
})

test('A clock that went back makes no negative lag', () => {
  expect(partitionLag('billing', bounds, 49, 5_000, 4_000).lagMs).toBe(0)
})

test('A group whose next event was deleted must be reset', () => {
  expect(partitionLag('billing', bounds, 9, undefined, 0).resetRequired).toBe(true)
  expect(partitionLag('billing', bounds, 10, undefined, 0).resetRequired).toBe(false)
})
