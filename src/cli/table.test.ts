import { expect, test } from 'vitest'
import { table } from './table.ts'

const columns = [
  { title: 'NAME', text: (row: { name: string; count: number }) => row.name },
  { title: 'COUNT', align: 'right', text: (row: { name: string; count: number }) => String(row.count) },
] as const

test('a table aligns text at the left and numbers at the right', () => {
  expect(
    table(columns, [
      { name: 'orders', count: 7 },
      { name: 'a', count: 123456 },
    ]),
  ).toEqual(['NAME     COUNT', 'orders       7', 'a       123456'])
})

test('a cell cannot break its line or move the cursor', () => {
  expect(table(columns, [{ name: 'a\nb\u009b2J', count: 1 }])[1]).toBe('a\\u{a}b\\u{9b}2J      1')
})
