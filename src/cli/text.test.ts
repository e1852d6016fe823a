import { expect, test } from 'vitest'
import { bytesText, counted, cut, oneLine, printable, printableLines } from './text.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_500, '1.5 kB'],
  [10_400_000, '10 MB'],
  [3_000_000_000_000_000, '3000 TB'],
])('%d bytes are shown as %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text)
})

test('a noun follows its count', () => {
  expect([counted(1, 'event'), counted(0, 'event'), counted(12_345, 'event')]).toEqual([
    '1 event',
    '0 events',
    '12,345 events',
  ])
})

test('text of an event cannot act on the terminal', () => {
  expect(printable('red \u001b[31m, C1 \u009b, turned \u202e, größe ✓')).toBe(
    'red \\u{1b}[31m, C1 \\u{9b}, turned \\u{202e}, größe ✓',
  )
  expect(printableLines('a\n\tb\u0007')).toEqual(['a', '  b\\u{7}'])
})

test('a sentence stays on one line', () => {
  expect(oneLine('not found\n  imported from a.ts')).toBe('not found imported from a.ts')
})

test('what is too long ends in an ellipsis', () => {
  expect([cut('abcdef', 4), cut('abc', 4), cut('abc', 0)]).toEqual(['abc…', 'abc', '…'])
})
