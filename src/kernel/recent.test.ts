import { expect, test } from 'vitest'
import { Recent } from './recent.ts'

test('what was not used for the longest time goes first', () => {
  const recent = new Recent<number>(2)
  recent.set('a', 1)
  recent.set('b', 2)
  expect(recent.get('a')).toBe(1)
  recent.set('c', 3)
  expect([recent.get('a'), recent.get('b'), recent.get('c')]).toEqual([1, undefined, 3])
})

test('a name holds its last value, and none after it was deleted', () => {
  const recent = new Recent<number>(2)
  recent.set('a', 1)
  recent.set('a', 2)
  expect(recent.get('a')).toBe(2)
  recent.delete('a')
  expect(recent.get('a')).toBeUndefined()
})
