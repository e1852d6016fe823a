import { describe, expect, test } from 'vitest'
import { limits } from '../kernel/index.ts'
import { readTraceContext, traceparentOf } from './trace-context.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const traceparent = `00-${traceId}-${spanId}-01`

const stateOf = (tracestate: unknown): string | undefined =>
  readTraceContext({ traceparent, tracestate })?.tracestate

describe('A traceparent', () => {
  test('names a trace, a span of it, and whether it is sampled', () => {
    expect(readTraceContext({ traceparent })).toEqual({
      traceId,
      spanId,
      traceFlags: 1,
      tracestate: undefined,
    })
    expect(readTraceContext({ traceparent: `00-${traceId}-${spanId}-00` })?.traceFlags).toBe(0)
  })

  test('is written as it was read', () => {
    for (const flags of ['00', '01', '02', '03']) {
      const text = `00-${traceId}-${spanId}-${flags}`
      const read = readTraceContext({ traceparent: text })
      expect(read && traceparentOf(read)).toBe(text)
    }
  })

  test('of a later version may have more fields, and flags that are not known are not passed on', () => {
    const read = readTraceContext({ traceparent: `cc-${traceId}-${spanId}-ff-what-the-future-will-be-like` })
    expect(read && traceparentOf(read)).toBe(`00-${traceId}-${spanId}-03`)
  })

  test.each([
    ['nothing', undefined],
    ['no text', 7],
    ['empty text', ''],
    ['garbage', '\u0000\uffff; DROP TABLE spans'],
    ['the version that may not be', `ff-${traceId}-${spanId}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['upper case', traceparent.toUpperCase()],
    ['too few digits', `00-${traceId.slice(1)}-${spanId}-01`],
    ['more fields than its version has', `${traceparent}-more`],
    ['a later version without a separator', `01-${traceId}-${spanId}-01more`],
    ['a space at its end', `${traceparent} `],
    ['a line break at its end', `${traceparent}\n`],
    ['two of them', `${traceparent},${traceparent}`],
    ['100 KB', `01-${traceId}-${spanId}-01-${'a'.repeat(100_000)}`],
  ])('that is %s counts as absent', (_what, text) => {
    expect(readTraceContext({ traceparent: text, tracestate: 'vendor=1' })).toBeUndefined()
  })
})

describe('A tracestate', () => {
  test.each([
    'vendor=opaque',
    'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
    'fw529a3039@dt=FfD;1, other=a b',
    'a_-*/@=!',
    `a=1,${' '.repeat(20)},b=2`,
    `long=${'x'.repeat(256)}`,
    Array.from({ length: limits.tracestateMembers }, (_, index) => `k${index}=1`).join(','),
  ])('is kept as it is: %s', (text) => {
    expect(stateOf(text)).toBe(text)
  })

  test.each([
    ['nothing', undefined],
    ['no text', {}],
    ['empty', ' , '],
    ['a list without values', 'vendor'],
    ['a list with keys in upper case', 'Vendor=1'],
    ['a list with control characters', 'vendor=a\u0007b'],
    ['a list with a value too long', `long=${'x'.repeat(257)}`],
    ['a list too long', Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(',')],
    ['100 KB', `vendor=${'x'.repeat(100_000)}`],
    ['100 KB of many', 'a=1,'.repeat(25_000)],
  ])('that is %s counts as absent, and the traceparent does not', (_what, text) => {
    expect(readTraceContext({ traceparent, tracestate: text })).toMatchObject({
      traceId,
      tracestate: undefined,
    })
  })
})
