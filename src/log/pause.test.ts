import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type GroupPart, isPaused, withPaused, withResumed } from './pause.ts'

const shapes = [
  { name: 'orders', partitions: 3 },
  { name: 'carts', partitions: 2 },
]
const partitions = shapes.flatMap(({ name, partitions: count }) =>
  Array.from({ length: count }, (_, partition) => ({ topic: name, partition })),
)
const partOf: fc.Arbitrary<GroupPart> = fc.constantFrom(
  {},
  ...shapes.map(({ name }) => ({ topic: name })),
  ...partitions,
)

function inside(part: GroupPart, { topic, partition }: { topic: string; partition: number }): boolean {
  return (
    (part.topic === undefined || part.topic === topic) &&
    (part.partition === undefined || part.partition === partition)
  )
}

describe('What is paused of a group', () => {
  test('can be all of it, also topics that it does not have yet', () => {
    expect(isPaused(withPaused([], {}), 'refunds', 0)).toBe(true)
  })

  test('lists nothing beside a wider part that covers it', () => {
    const one = withPaused([], { topic: 'orders', partition: 1 })
    expect(withPaused(one, { topic: 'orders' })).toEqual([{ topic: 'orders' }])
    expect(withPaused(one, {})).toEqual([{}])
  })

  test('stays the same list where nothing changes', () => {
    const paused = withPaused([], { topic: 'orders' })
    expect(withPaused(paused, { topic: 'orders', partition: 1 })).toBe(paused)
    expect(withResumed(paused, { topic: 'carts' }, shapes)).toBe(paused)
  })

  test('is the rest of the group when one partition of a paused group is resumed', () => {
    expect(withResumed([{}], { topic: 'orders', partition: 1 }, shapes)).toEqual([
      { topic: 'carts' },
      { topic: 'orders', partition: 0 },
      { topic: 'orders', partition: 2 },
    ])
  })

  test('is what was paused last and not resumed since, whatever is paused and resumed', () => {
    const act = fc.record({ pauses: fc.boolean(), part: partOf })
    fc.assert(
      fc.property(fc.array(act, { maxLength: 20 }), (acts) => {
        let paused: readonly GroupPart[] = []
        const model = new Set<object>()
        for (const { pauses, part } of acts) {
          paused = pauses ? withPaused(paused, part) : withResumed(paused, part, shapes)
          for (const each of partitions.filter((partition) => inside(part, partition))) {
            if (pauses) model.add(each)
            else model.delete(each)
          }
          for (const each of partitions)
            expect(isPaused(paused, each.topic, each.partition)).toBe(model.has(each))
        }
      }),
    )
  })
})
