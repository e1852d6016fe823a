import { describe, expect, test } from 'vitest'
import { errorCodes, isTidingsError, listed, TidingsError, toError } from './index.ts'

describe('An error of Tidings', () => {
  test('has a code, a kind, and a sentence with the code in front', () => {
    const cause = new Error('EIO')
    const error = new TidingsError('storage_full', 'The disk is full. Free space.', { cause })
    expect([error.code, error.kind, error.sentence]).toEqual([
      'storage_full',
      'failed',
      'The disk is full. Free space.',
    ])
    expect([error.message, error.name, error.cause]).toEqual([
      'storage_full: The disk is full. Free space.',
      'TidingsError',
      cause,
    ])
  })

  test('carries details where its code has them', () => {
    const issues = [{ path: '/total', message: 'must be a number' }]
    expect(new TidingsError('data_invalid', 'No.', { details: { issues } }).details.issues).toBe(issues)
    expect(new TidingsError('bus_closed', 'No.').details).toBeUndefined()
  })

  test('has no cause of its own without one', () => {
    expect('cause' in new TidingsError('bus_closed', 'No.')).toBe(false)
  })

  test('is known by its code, also from another copy of the package', () => {
    const foreign = Object.assign(new Error('fenced: no'), { name: 'TidingsError', code: 'fenced' })
    expect([isTidingsError(foreign), isTidingsError(foreign, 'fenced')]).toEqual([true, true])
    expect(isTidingsError(foreign, 'bus_closed')).toBe(false)
    expect([
      isTidingsError(new Error('fenced')),
      isTidingsError('fenced'),
      isTidingsError(undefined),
    ]).toEqual([false, false, false])
  })

  test('has codes in alphabetical order, so that two lists are easy to compare', () => {
    expect(Object.keys(errorCodes)).toEqual(Object.keys(errorCodes).toSorted())
  })
})

describe('Whatever is thrown', () => {
  test('becomes an Error; an Error stays as it is', () => {
    const error = new RangeError('no')
    expect(toError(error)).toBe(error)
    expect(toError('no')).toMatchObject({ code: 'handler_failed', cause: 'no' })
    expect(toError('no').message).toContain('"no"')
    expect(toError(undefined).message).toContain('undefined')
  })

  test('is described however hostile or long it is', () => {
    const hostile = {
      toString(): string {
        throw new Error('never')
      },
    }
    expect(toError(hostile).message).toContain('a value of type object')
    expect(toError('x'.repeat(1_000_000)).message.length).toBeLessThan(400)
  })
})

test('Names are listed as a person would', () => {
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map((names) => listed(names))).toEqual([
    '',
    'a',
    'a and b',
    'a, b and c',
  ])
  expect(listed(['a', 'b', 'c', 'd'], 2)).toBe('a, b and 2 more')
})
