import { describe, expect, test } from 'vitest'
import { seededRandom } from '../kernel/index.ts'
import { createTraceIds } from './trace-ids.ts'

describe('Ids of traces and spans', () => {
  test('are 32 and 16 hex digits, and do not repeat', () => {
    const ids = createTraceIds(seededRandom(1))
    const made = Array.from({ length: 2_000 }, () => [ids.traceId(), ids.spanId()])
    for (const [traceId, spanId] of made) {
      expect(traceId).toMatch(/^[0-9a-f]{32}$/)
      expect(spanId).toMatch(/^[0-9a-f]{16}$/)
    }
    expect(new Set(made.flat()).size).toBe(4_000)
  })

  test('are the same for the same seed', () => {
    expect(createTraceIds(seededRandom(7)).traceId()).toBe(createTraceIds(seededRandom(7)).traceId())
  })

  test('are never all zero, whatever chance gives', () => {
    let filled = 0
    const ids = createTraceIds({ next: () => 0, fill: (bytes) => void bytes.fill(filled++ === 0 ? 0 : 1) })
    expect(ids.spanId()).toBe('0101010101010101')
  })
})
