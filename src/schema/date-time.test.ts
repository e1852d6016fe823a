import { fullFormats } from 'ajv-formats/dist/formats.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isUtcDateTime } from './date-time.ts'

const format = fullFormats['date-time']
const isDateTime = (text: string): boolean =>
  typeof format === 'object' && 'validate' in format && typeof format.validate === 'function'
    ? Boolean(Reflect.apply(format.validate, undefined, [text]))
    : false

describe('isUtcDateTime', () => {
  it.each([
    '2026-01-31T10:00:00Z',
    '2024-02-28T23:59:59.123Z',
    '0000-01-01T00:00:00.0Z',
    new Date(0).toISOString(),
  ])('knows %s', (text) => {
    expect(isUtcDateTime(text)).toBe(true)
  })

  it.each([
    '2026-01-31T10:00:00+01:00',
    '2026-02-29T10:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T10:00:00.Z',
    '2026-01-3aT10:00:00Z',
    '',
  ])('does not know %s', (text) => {
    expect(isUtcDateTime(text)).toBe(false)
  })

  it('takes nothing that the format itself does not', () => {
    const near = fc
      .tuple(fc.date({ noInvalidDate: true }), fc.nat(30), fc.constantFrom(...Array.from('0123459:-.TZ+ae ')))
      .map(([date, at, letter]) => {
        const text = date.toISOString()
        return text.slice(0, at) + letter + text.slice(at + 1)
      })
    fc.assert(
      fc.property(near, (text) => !isUtcDateTime(text) || isDateTime(text)),
      { numRuns: 5_000 },
    )
  })
})
