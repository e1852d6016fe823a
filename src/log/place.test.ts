import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PartitionBounds } from './admin.ts'
import type { Start } from './capabilities.ts'
import { offsetOfPlace } from './place.ts'

/** A partition whose records were appended at these times, the first `begin` of them deleted since. */
function offsetOf(place: Start, times: readonly number[], begin = 0): Promise<number> {
  const bounds: PartitionBounds = { topic: 'orders', partition: 0, begin, end: times.length, bytes: 0 }
  return offsetOfPlace(
    {
      read: async (topic, partition, from) => {
        const offset = Math.max(from, begin)
        const appendedAt = times[offset]
        return appendedAt === undefined ? [] : [{ topic, partition, offset, appendedAt, encoded: '{}' }]
      },
    },
    bounds,
    place,
  )
}

describe('A place in a partition', () => {
  test('is the first kept record, or the end', async () => {
    expect(await offsetOf('start', [1, 2, 3], 1)).toBe(1)
    expect(await offsetOf('end', [1, 2, 3], 1)).toBe(3)
  })

  test('is an offset, or the bound it lies beyond', async () => {
    expect(await offsetOf({ offset: 2 }, [1, 2, 3], 1)).toBe(2)
    expect(await offsetOf({ offset: 0 }, [1, 2, 3], 1)).toBe(1)
    expect(await offsetOf({ offset: 99 }, [1, 2, 3], 1)).toBe(3)
  })

  test('is the first record appended at a time or later', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(50), { maxLength: 30 }),
        fc.nat(55),
        fc.nat(30),
        async (some, at, cut) => {
          const times = some.toSorted((a, b) => a - b)
          const begin = Math.min(cut, times.length)
          const first = times.findIndex((time, offset) => offset >= begin && time >= at)
          expect(await offsetOf({ time: new Date(at) }, times, begin)).toBe(first < 0 ? times.length : first)
        },
      ),
    )
  })

  test('takes a time as text, and refuses what is none', async () => {
    const time = Date.parse('2026-01-31T00:00:00Z')
    expect(await offsetOf({ time: '2026-01-31T00:00:00Z' }, [time - 1, time, time + 1])).toBe(1)
    await expect(offsetOf({ time: 'yesterday' }, [time])).rejects.toMatchObject({ code: 'option_invalid' })
  })
})
