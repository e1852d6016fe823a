import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type RetentionInput, retainedFrom } from './retention.ts'

const bounds = { topic: 'orders', partition: 0, begin: 100, end: 200, bytes: 1_000 }
const input: RetentionInput = {
  bounds,
  retention: { ageMs: undefined, bytes: undefined },
  partitions: 1,
  youngerThanAge: 100,
  youngerThanTwiceAge: 100,
  readByAll: 200,
}

describe('Retention', () => {
  test('keeps everything without a limit', () => {
    expect(retainedFrom(input)).toBe(100)
  })

  test('deletes what is older than the age once every group has read it', () => {
    expect(retainedFrom({ ...input, youngerThanAge: 150 })).toBe(150)
    expect(retainedFrom({ ...input, youngerThanAge: 150, readByAll: 120 })).toBe(120)
  })

  test('deletes what is older than twice the age although a group has not read it', () => {
    expect(retainedFrom({ ...input, youngerThanAge: 150, youngerThanTwiceAge: 140, readByAll: 120 })).toBe(
      140,
    )
  })

  test('keeps as many records as fit into the bytes, each partition its share', () => {
    const retention = { ageMs: undefined, bytes: 1_000 }
    expect(retainedFrom({ ...input, retention })).toBe(100)
    expect(retainedFrom({ ...input, retention, partitions: 2 })).toBe(150)
    expect(retainedFrom({ ...input, retention, partitions: 2, readByAll: 110 })).toBe(110)
    expect(retainedFrom({ ...input, retention, partitions: 4, readByAll: 110 })).toBe(150)
  })

  test('stays inside the partition, and never goes back', () => {
    const offset = fc.nat(400)
    fc.assert(
      fc.property(offset, offset, offset, fc.nat(3_000), (older, twice, readByAll, bytes) => {
        const from = retainedFrom({
          ...input,
          retention: { ageMs: 1, bytes },
          youngerThanAge: Math.max(older, twice),
          youngerThanTwiceAge: Math.min(older, twice),
          readByAll,
        })
        expect(from >= bounds.begin && from <= bounds.end).toBe(true)
      }),
    )
  })
})
