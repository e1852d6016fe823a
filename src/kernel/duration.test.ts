import { describe, expect, test } from 'vitest'
import { type Duration, durationMs, durationText } from './index.ts'

describe('A duration', () => {
  test('is milliseconds, or text with a unit', () => {
    const durations: Duration[] = [0, 250, '500ms', '1s', '1.5s', '5m', '12h', '30d']
    expect(durations.map(durationMs)).toEqual([0, 250, 500, 1_000, 1_500, 300_000, 43_200_000, 2_592_000_000])
  })

  test.each([
    '',
    '5',
    '5 s',
    '5w',
    '-1s',
    's',
    '1e3s',
    'constructor',
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ])('is not %j', (text) => {
    expect(() => durationMs(text as Duration)).toThrow(/^option_invalid: .* is not a length of time/)
  })

  test('is shown in the two largest units that say something', () => {
    const shown = [0, 340, 1_500, 59_000, 60_000, 200_000, 7_500_000, 86_400_000, 356_400_000]
    expect(shown.map(durationText)).toEqual([
      '0 ms',
      '340 ms',
      '1.5 s',
      '59 s',
      '1 m',
      '3 m 20 s',
      '2 h 5 m',
      '1 d',
      '4 d 3 h',
    ])
  })
})
