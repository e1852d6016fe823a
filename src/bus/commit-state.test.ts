import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeCommitState, encodeCommitState } from './commit-state.ts'

test('A commit without anything to say carries nothing', () => {
  expect(encodeCommitState(7, { finished: [], attempts: new Map(), begun: 7 })).toBe('')
  expect(decodeCommitState(7, '')).toEqual({ finished: [], attempts: new Map(), begun: 7 })
})

test('What is encoded is decoded again', () => {
  const gaps = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })))
  const attempts = fc.array(fc.tuple(fc.nat(1_000), fc.integer({ min: 1, max: 99 })))
  fc.assert(
    fc.property(fc.nat(2 ** 40), gaps, attempts, fc.nat(5_000), (watermark, pairs, counts, ahead) => {
      let last = watermark
      const finished = pairs.map(([gap, length]) => {
        const from = last + gap
        last = from + length
        return [from, last] as const
      })
      const state = {
        finished,
        attempts: new Map(counts.map(([offset, count]) => [watermark + offset, count])),
        begun: watermark + ahead,
      }
      expect(decodeCommitState(watermark, encodeCommitState(watermark, state))).toEqual(state)
    }),
  )
})

test('Five hundred ranges fit in the bound of a commit', () => {
  const finished = Array.from(
    { length: 500 },
    (_, index) => [1_000_000 + index * 10, 1_000_000 + index * 10 + 5] as const,
  )
  expect(encodeCommitState(999_000, { finished, attempts: new Map(), begun: 0 }).length).toBeLessThan(4_096)
})
