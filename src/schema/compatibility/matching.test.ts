import fc from 'fast-check'
import { expect, it } from 'vitest'
import { largestMatching } from './matching.ts'

/** The size of a largest matching, by trying everything. */
function largest(edges: readonly (readonly boolean[])[], taken: ReadonlySet<number> = new Set()): number {
  const [first, ...rest] = edges
  if (first === undefined) return 0
  const with_ = first.map((edge, to) =>
    edge && !taken.has(to) ? 1 + largest(rest, new Set([...taken, to])) : 0,
  )
  return Math.max(largest(rest, taken), ...with_)
}

it('A matching is as large as any, whatever is tried first', () => {
  const edges = fc.array(fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), { maxLength: 5 })
  const hints = fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { maxLength: 3 })
  fc.assert(
    fc.property(edges, hints, (given, tried) => {
      const fits = (from: number, to: number): boolean => given[from]?.[to] ?? false
      const pairs = largestMatching(
        given.length,
        5,
        fits,
        new Map(tried.filter(([from]) => from < given.length)),
      )
      expect(new Set(pairs.values()).size).toBe(pairs.size)
      expect([...pairs].every(([from, to]) => fits(from, to))).toBe(true)
      expect(pairs.size).toBe(largest(given))
    }),
  )
})
