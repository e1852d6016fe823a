import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Watermark } from './watermark.ts'

describe('A watermark', () => {
  test('rises with offsets finished in order, and keeps no ranges', () => {
    const watermark = new Watermark(5)
    for (const offset of [5, 6, 7]) watermark.finish(offset)
    expect([watermark.offset, watermark.ranges]).toEqual([8, []])
  })

  test('stops below an unfinished offset, and jumps when that is finished', () => {
    const watermark = new Watermark(0)
    for (const offset of [1, 2, 5]) watermark.finish(offset)
    expect([watermark.offset, watermark.ranges]).toEqual([
      0,
      [
        [1, 3],
        [5, 6],
      ],
    ])
    watermark.finish(0)
    expect([watermark.offset, watermark.ranges]).toEqual([3, [[5, 6]]])
  })

  test('joins ranges that come to touch each other', () => {
    const watermark = new Watermark(0)
    for (const offset of [2, 4, 3]) watermark.finish(offset)
    expect(watermark.ranges).toEqual([[2, 5]])
  })

  test('goes on from the ranges of an earlier owner', () => {
    const watermark = new Watermark(4, [
      [2, 3],
      [3, 6],
      [8, 9],
    ])
    expect([watermark.offset, watermark.ranges]).toEqual([6, [[8, 9]]])
  })

  test('passes over a gap of the log, with all ranges in it', () => {
    const watermark = new Watermark(0)
    for (const offset of [2, 5, 6, 9]) watermark.finish(offset)
    watermark.skipTo(6)
    expect([watermark.offset, watermark.ranges]).toEqual([7, [[9, 10]]])
    watermark.skipTo(3)
    expect(watermark.offset).toBe(7)
  })

  test('knows what a set of all finished offsets knows', () => {
    const finish = fc.record({ kind: fc.constant('finish' as const), offset: fc.nat(60) })
    const skip = fc.record({ kind: fc.constant('skip' as const), offset: fc.nat(60) })
    const step = fc.oneof({ weight: 9, arbitrary: finish }, { weight: 1, arbitrary: skip })
    fc.assert(
      fc.property(fc.nat(10), fc.array(step, { maxLength: 80 }), (start, steps) => {
        const watermark = new Watermark(start)
        const model = new Set(Array.from({ length: start }, (_, offset) => offset))
        for (const { kind, offset } of steps) {
          if (kind === 'finish') {
            watermark.finish(offset)
            model.add(offset)
          } else {
            watermark.skipTo(offset)
            for (let below = 0; below < offset; below++) model.add(below)
          }
          expectSame(watermark, model)
          expectSame(new Watermark(watermark.offset, watermark.ranges), model)
        }
      }),
    )
  })
})

function expectSame(watermark: Watermark, model: ReadonlySet<number>): void {
  let lowest = 0
  while (model.has(lowest)) lowest += 1
  expect(watermark.offset).toBe(lowest)
  for (let offset = 0; offset <= 62; offset++) expect(watermark.isFinished(offset)).toBe(model.has(offset))
  let end = watermark.offset
  for (const [from, to] of watermark.ranges) {
    expect(from).toBeGreaterThan(end)
    expect(to).toBeGreaterThan(from)
    end = to
  }
}
