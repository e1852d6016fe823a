import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'

test('The migrations of PostgreSQL are numbered one after the other, each by itself', () => {
  const numbers = readdirSync(new URL('migrations/', import.meta.url)).map((file) => file.slice(0, 4))
  const inOrder = numbers.map((_, index) => `${String(index + 1).padStart(3, '0')}-`)
  expect(numbers.toSorted()).toEqual(inOrder)
})
