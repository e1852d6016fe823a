import { describe, expect, test } from 'vitest'
import { type ErrorCode, limits, seededRandom, TidingsError } from '../kernel/index.ts'
import { isHeld, isRefusal, isRenewalDue, waitMsAfter } from './relay-policy.ts'

const random = seededRandom(1)

describe('What a relay does next', () => {
  test('is another round at once while there may be more', () => {
    expect(waitMsAfter('more', 0, 10_000, random)).toBe(0)
  })

  test('is to look from time to time, and often enough to renew its right', () => {
    expect(waitMsAfter('idle', 0, 10_000, random)).toBe(limits.relayPollMs)
    expect(waitMsAfter('idle', 0, 900, random)).toBe(300)
    expect(waitMsAfter('standing-by', 0, 9_000, random)).toBe(3_000)
  })

  test('is to wait twice as long after each failure, up to a bound', () => {
    const waits = [1, 2, 3, 20].map((failures) => waitMsAfter('failed', failures, 10_000, random))
    for (const [index, nominalMs] of [100, 200, 400, limits.relayLongestBackoffMs].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(0.9 * nominalMs)
      expect(waits[index]).toBeLessThanOrEqual(1.1 * nominalMs)
    }
  })

  test('is to renew its right after a third of the lease, and to publish until its end', () => {
    expect([isRenewalDue(0, 2_999, 9_000), isRenewalDue(0, 3_000, 9_000)]).toEqual([false, true])
    expect([isHeld(0, 8_999, 9_000), isHeld(0, 9_000, 9_000)]).toEqual([true, false])
  })
})

test.each<[ErrorCode, boolean]>([
  ['event_too_large', true],
  ['event_invalid', true],
  ['topic_missing', true],
  ['partition_missing', true],
  ['engine_unreachable', false],
  ['publish_failed', false],
  ['storage_full', false],
  ['file_missing', false],
])('An engine that says %s refuses the event for good: %s', (code, refuses) => {
  const details = code === 'publish_failed' ? { failed: [] } : { issues: [] }
  expect(isRefusal(new TidingsError(code as 'event_invalid', 'No.', { details } as never))).toBe(refuses)
  expect(isRefusal(new Error('No.'))).toBe(false)
})
