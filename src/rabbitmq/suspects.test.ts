import { expect, test } from 'vitest'
import { Suspects } from './suspects.ts'

test('What comes again before anything new was in the hands of who had the partition before', () => {
  const suspects = new Suspects(false)
  expect(suspects.includes('a')).toBe(true)
  suspects.complete()
  expect(suspects.includes('b')).toBe(false)
  expect(suspects.includes('a')).toBe(true)
})

test('A suspect is one until it is done with, however often it comes', () => {
  const suspects = new Suspects(false)
  suspects.includes('a')
  suspects.complete()
  expect(suspects.includes('a')).toBe(true)
  suspects.clear('a')
  expect(suspects.includes('a')).toBe(false)
})

test('Nothing is suspect after an owner that let go in order', () => {
  expect(new Suspects(true).includes('a')).toBe(false)
})
