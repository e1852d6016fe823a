import { expect, test } from 'vitest'
import { centsOf } from './cents.ts'

test.each([
  ['39.99', 3_999],
  ['32.9', 3_290],
  ['100.0', 10_000],
  ['7', 700],
  ['0.29', 29],
  ['1.15', 115],
  ['9999999.99', 999_999_999],
])('%s is exactly %i cents', (price, cents) => {
  expect(centsOf(price)).toBe(cents)
})

test.each(['', '1.', '.5', '1.234', '-1', '1e3', ' 1', '1,50', '12345678'])('%j is no price', (price) => {
  expect(centsOf(price)).toBeUndefined()
})
