import { describe, expect, test } from 'vitest'
import { checkOptionNames, nearest } from './index.ts'

const known = { concurrency: true, maxAhead: true, start: true } as const

describe('Options', () => {
  test('that are all known pass, also those that are undefined', () => {
    expect(() => checkOptionNames('group()', { start: 'end', maxAhead: undefined }, known)).not.toThrow()
  })

  test('with a typing error are refused, naming what was meant', () => {
    expect(() => checkOptionNames('group()', { concurency: 1 }, known)).toThrow(
      'option_invalid: group() has no option "concurency". Did you mean concurrency?',
    )
    expect(() => checkOptionNames('group()', { maxahead: 1 }, known)).toThrow('Did you mean maxAhead?')
  })

  test('like none of those that are known are told all of them', () => {
    expect(() => checkOptionNames('group()', { colour: 'red' }, known)).toThrow(
      'option_invalid: group() has no option "colour". There are concurrency, maxAhead and start.',
    )
  })

  test.each<[unknown, string]>([
    [null, 'null'],
    ['end', '"end"'],
  ])('are an object, not %s', (options, words) => {
    expect(() => checkOptionNames('group()', options as object, known)).toThrow(
      `option_invalid: group() takes its options as an object, not ${words}.`,
    )
  })
})

test('the nearest name is at most a fifth of its letters away', () => {
  expect(nearest('com.example.craeted', ['com.example.created', 'com.example.paid'])).toBe(
    'com.example.created',
  )
  expect(nearest('nothing', ['com.example.created'])).toBeUndefined()
})
