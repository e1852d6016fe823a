import { describe, expect, test } from 'vitest'
import { type ErrorCode, isTidingsError, limits } from '../kernel/index.ts'
import { checkJsonText, parseJson } from './index.ts'
import { stringifyJson } from './json-text.ts'

function codeOf(run: () => unknown): ErrorCode | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (isTidingsError(error)) return error.code
    throw error
  }
}

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)

describe('depth', () => {
  test('arrays and objects nest up to the limit', () => {
    expect(codeOf(() => parseJson(nested(limits.jsonDepth)))).toBeUndefined()
    expect(codeOf(() => parseJson(nested(limits.jsonDepth + 1)))).toBe('json_too_deep')
    expect(codeOf(() => parseJson(`${'{"a":['.repeat(40)}${']}'.repeat(40)}`))).toBe('json_too_deep')
  })

  test('brackets in strings and brackets side by side do not count', () => {
    expect(parseJson(JSON.stringify('[{'.repeat(1_000)))).toBe('[{'.repeat(1_000))
    expect(parseJson(JSON.stringify([`\\"${'['.repeat(100)}`, '\\', '[']))).toHaveLength(3)
    expect(parseJson(`[${'[],{},'.repeat(1_000)}1]`)).toHaveLength(2_001)
  })

  test('a million levels are refused before they are parsed', () => {
    expect(codeOf(() => parseJson('['.repeat(1_000_000)))).toBe('json_too_deep')
  })
})

describe('the key __proto__', () => {
  test.each([
    ['{"__proto__":1}'],
    ['{"a":[{"__proto__" \n: 1}]}'],
    ['{"\\u005f_proto__":1}'],
    ['{"\\u005F\\u005f\\u0070\\u0072\\u006F\\u0074\\u006f\\u005f\\u005f":1}'],
    ['{"__pr\\u006fto__":1}'],
  ])('is refused in %s', (text) => {
    expect(Object.keys(JSON.parse(text.replace(/"a":\[(.*)\]/s, '"a":1')))).toHaveLength(1)
    expect(codeOf(() => parseJson(text))).toBe('json_unsafe')
    expect(codeOf(() => checkJsonText(text))).toBe('json_unsafe')
  })

  test.each([
    ['{"a":"__proto__"}'],
    ['["__proto__"]'],
    ['{"__proto":1,"_proto__":2,"x__proto__":3}'],
    [JSON.stringify({ text: '{"__proto__":1}' })],
    [JSON.stringify({ 'say "__proto__': 1 })],
    ['{"\\u00e9":1}'],
  ])('is not found in %s', (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text))
  })
})

const quoted = (character: string, count: number): string => JSON.stringify(character.repeat(count))

describe('size', () => {
  test('is counted in bytes of UTF-8', () => {
    expect(codeOf(() => parseJson(quoted('a', limits.eventBytes - 2)))).toBeUndefined()
    expect(codeOf(() => parseJson(quoted('a', limits.eventBytes - 1)))).toBe('event_too_large')
    expect(codeOf(() => parseJson(quoted('€', limits.eventBytes / 3 - 1)))).toBeUndefined()
    expect(codeOf(() => parseJson(quoted('€', limits.eventBytes / 3)))).toBe('event_too_large')
  })
})

test.each([[''], ['{'], ['{"a":}'], ["{'a':1}"], ['[1,]'], ['01'], ['NaN'], ['{"a":1} x'], ['\ufeff1']])(
  '%j is not JSON',
  (text) => {
    expect(codeOf(() => parseJson(text))).toBe('json_invalid')
  },
)

test('broken JSON is refused with the place', () => {
  expect(() => parseJson('{"a":1,}')).toThrow(/json_invalid: .*position 7 \(line 1 column 8\)/)
})

describe('writing', () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  const deep: unknown = JSON.parse(nested(100))
  const bottomless: unknown = JSON.parse(nested(20_000))

  test.each<[string, unknown, ErrorCode]>([
    ['a BigInt', { a: 1n }, 'event_invalid'],
    ['a cycle', cycle, 'event_invalid'],
    ['NaN', { a: [Number.NaN] }, 'event_invalid'],
    ['Infinity', Number.POSITIVE_INFINITY, 'event_invalid'],
    ['undefined in an array', [undefined], 'event_invalid'],
    ['a function in an array', [() => 1], 'event_invalid'],
    ['a function', () => 1, 'event_invalid'],
    ['undefined', undefined, 'event_invalid'],
    ['deep nesting', deep, 'json_too_deep'],
    ['nesting deeper than the stack', bottomless, 'json_too_deep'],
    ['the key __proto__', JSON.parse('{"__proto__":1}'), 'json_unsafe'],
    ['much text', 'a'.repeat(limits.eventBytes), 'event_too_large'],
  ])('%s is refused', (_, value, code) => {
    expect(codeOf(() => stringifyJson(value, '/data'))).toBe(code)
  })

  test('null, absent members and dates are written as JSON does', () => {
    const value = { a: null, b: undefined, c: [null], d: 'null', e: new Date(0) }
    expect(stringifyJson(value, '/data')).toBe(
      '{"a":null,"c":[null],"d":"null","e":"1970-01-01T00:00:00.000Z"}',
    )
  })
})
