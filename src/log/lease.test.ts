import { describe, expect, test } from 'vitest'
import { dueForLease } from './lease.ts'

const lease = { everyMs: 3_000, blockedMs: 60_000 }
const never = Number.NEGATIVE_INFINITY

describe('A lease beside the event loop', () => {
  test('is left alone while the loop renews it', () => {
    const renewed = { byLoopMs: 9_000, besideMs: never }
    expect(dueForLease(lease, renewed, 12_000)).toEqual({ waitMs: 1_500 })
  })

  test('is renewed when the loop is half a heartbeat late, and again as often', () => {
    expect(dueForLease(lease, { byLoopMs: 9_000, besideMs: never }, 13_500)).toBe('renew')
    const renewed = { byLoopMs: 9_000, besideMs: 13_500 }
    expect(dueForLease(lease, renewed, 13_501)).toEqual({ waitMs: 4_499 })
    expect(dueForLease(lease, renewed, 18_000)).toBe('renew')
  })

  test('is left to end when the loop has not renewed it for too long, and looked at again', () => {
    const renewed = { byLoopMs: 9_000, besideMs: 64_000 }
    expect(dueForLease(lease, renewed, 68_999)).toBe('renew')
    expect(dueForLease(lease, renewed, 69_000)).toEqual({ waitMs: 3_000 })
  })

  test('is kept through a block of a minute less a heartbeat', () => {
    const leaseMs = 10_000
    const renewed = { byLoopMs: 0, besideMs: never }
    let untilMs = leaseMs
    for (let nowMs = 0; nowMs < lease.blockedMs; nowMs++) {
      if (dueForLease(lease, renewed, nowMs) === 'renew') {
        renewed.besideMs = nowMs
        untilMs = nowMs + leaseMs
      }
      expect(untilMs).toBeGreaterThan(nowMs)
    }
    expect(untilMs).toBeLessThanOrEqual(lease.blockedMs + leaseMs)
  })
})
