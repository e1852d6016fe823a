import { expect, test } from 'vitest'
import { Line } from './line.ts'

function lineOf(...items: string[]): { line: Line<string>; leave: (item: string) => void } {
  const line = new Line<string>()
  const places = items.map((item) => line.add(item))
  const leave = (item: string): void => {
    for (const place of places) if (place.item === item) line.remove(place)
  }
  return { line, leave }
}

test('a line keeps the order in which items came', () => {
  const { line } = lineOf('a', 'b', 'c')
  expect([...line]).toEqual(['a', 'b', 'c'])
  expect(line.size).toBe(3)
})

test('an item can leave from anywhere, and the others close up', () => {
  const { line, leave } = lineOf('a', 'b', 'c', 'd')
  for (const item of ['b', 'd', 'a']) leave(item)
  line.add('e')
  expect([...line]).toEqual(['c', 'e'])
})

test('leaving a second time changes nothing', () => {
  const { line, leave } = lineOf('a', 'b')
  for (const item of ['a', 'a', 'b', 'b']) leave(item)
  expect(line.size).toBe(0)
  line.add('c')
  leave('a')
  expect([...line]).toEqual(['c'])
})

test('the first is shifted out, until there is none', () => {
  const { line } = lineOf('a', 'b')
  expect([line.shift(), line.shift(), line.shift()]).toEqual(['a', 'b', undefined])
})

test('an item may leave while it is looked at', () => {
  const { line, leave } = lineOf('a', 'b', 'c')
  const seen: string[] = []
  for (const item of line) {
    seen.push(item)
    leave(item)
  }
  expect(seen).toEqual(['a', 'b', 'c'])
  expect(line.size).toBe(0)
})

test('a cleared line can be used again', () => {
  const { line } = lineOf('a', 'b')
  line.clear()
  line.add('c')
  expect([...line]).toEqual(['c'])
})
