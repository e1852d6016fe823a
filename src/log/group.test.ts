import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  assign,
  type Beat,
  beat,
  emptyGroup,
  type GroupState,
  type Held,
  type Member,
  prolonged,
  vacated,
} from './group.ts'
import { partitionName } from './partitioner.ts'
import { isPaused } from './pause.ts'

const leaseMs = 10_000
const orders = { name: 'orders', partitions: 8 }

function beatOf(member: string, nowMs: number, options: Partial<Beat> = {}): Beat {
  const session = `${member} 1`
  return {
    member,
    session,
    topics: ['orders'],
    nowMs,
    leaseMs,
    rewind: 'refused',
    epochMs: 0,
    released: [],
    leaves: false,
    ...options,
  }
}

function owned(state: GroupState): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { member } of Object.values(state.held)) counts[member] = (counts[member] ?? 0) + 1
  return counts
}

describe('A group', () => {
  test('gives a lone member all partitions, each under a generation of its own', () => {
    const { state, granted, wanted } = beat(emptyGroup, beatOf('one', 0), [orders])
    expect(owned(state)).toEqual({ one: 8 })
    expect(granted.map(({ generation }) => generation)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect([state.generation, wanted]).toEqual([8, []])
  })

  test('hands partitions over in steps: wanted, released, granted anew', () => {
    const alone = beat(emptyGroup, beatOf('one', 0), [orders]).state
    const joined = beat(alone, beatOf('two', 1), [orders])
    expect([joined.granted, owned(joined.state)]).toEqual([[], { one: 8 }])
    const asked = beat(joined.state, beatOf('one', 2), [orders])
    expect(asked.wanted).toHaveLength(4)
    const released = beat(asked.state, beatOf('one', 3, { released: asked.wanted }), [orders])
    expect(owned(released.state)).toEqual({ one: 4, two: 4 })
    expect(released.granted.map(({ member }) => member)).toEqual(['two', 'two', 'two', 'two'])
    expect(Math.min(...released.granted.map(({ generation }) => generation))).toBeGreaterThan(8)
  })

  test('gives the partitions of a member that leaves to the others at once', () => {
    const alone = beat(emptyGroup, beatOf('one', 0), [orders]).state
    const both = beat(alone, beatOf('two', 1), [orders]).state
    const left = beat(both, beatOf('one', 2, { leaves: true }), [orders])
    expect([owned(left.state), Object.keys(left.state.members)]).toEqual([{ two: 8 }, ['two']])
  })

  test('keeps the partitions of a silent member until its lease ends, and not longer', () => {
    const both = beat(beat(emptyGroup, beatOf('one', 0), [orders]).state, beatOf('two', 1), [orders]).state
    expect(owned(beat(both, beatOf('two', leaseMs - 1), [orders]).state)).toEqual({ one: 8 })
    expect(owned(beat(both, beatOf('two', leaseMs), [orders]).state)).toEqual({ two: 8 })
  })

  test('takes a lease that ends later than it can for one of an earlier start of the machine', () => {
    const before = beat(emptyGroup, beatOf('one', 864_000_000), [orders]).state
    const after = beat(before, beatOf('two', 60_000), [orders])
    expect([owned(after.state), Object.keys(after.state.members)]).toEqual([{ two: 8 }, ['two']])
    expect(Math.min(...after.granted.map(({ generation }) => generation))).toBeGreaterThan(before.generation)
  })

  test('gives a member a longer lease, and changes nothing else', () => {
    const both = beat(beat(emptyGroup, beatOf('one', 0), [orders]).state, beatOf('two', 1), [orders]).state
    const longer = prolonged(both, 'one', 'one 1', 4_500)
    expect(longer?.members['one']?.leaseUntilMs).toBe(4_500 + leaseMs)
    expect(longer).toMatchObject({ held: both.held, generation: both.generation })
    expect(longer?.members['two']).toEqual(both.members['two'])
    expect(longer && prolonged(longer, 'one', 'one 1', 4_000)).toEqual(longer)
  })

  test('gives no longer lease to one that has ended, has a new session, or was never there', () => {
    const alone = beat(emptyGroup, beatOf('one', 0), [orders]).state
    expect(prolonged(alone, 'one', 'one 1', leaseMs - 1)).toBeDefined()
    expect(prolonged(alone, 'one', 'one 1', leaseMs)).toBe(undefined)
    expect(prolonged(alone, 'one', 'one 2', 1)).toBe(undefined)
    expect(prolonged(alone, 'two', 'two 1', 1)).toBe(undefined)
  })

  test('keeps a member whose clock runs a little ahead', () => {
    const before = beat(emptyGroup, beatOf('one', 100), [orders]).state
    expect(owned(beat(before, beatOf('two', 90), [orders]).state)).toEqual({ one: 8 })
  })

  test('judges each lease by its own length', () => {
    const long = beat(emptyGroup, beatOf('one', 0, { leaseMs: 60_000 }), [orders]).state
    expect(owned(beat(long, beatOf('two', 1), [orders]).state)).toEqual({ one: 8 })
  })

  test('that was moved has nobody in it, under a generation that nobody was granted', () => {
    const before = beat(emptyGroup, beatOf('one', 0), [orders]).state
    expect(vacated(before)).toEqual({ ...before, members: {}, held: {}, generation: before.generation + 1 })
    const { granted } = beat(vacated(before), beatOf('one', 1), [orders])
    expect(Math.min(...granted.map(({ generation }) => generation))).toBe(before.generation + 2)
  })

  test('that is moved again gets run numbers for what was moved, greater each time, and keeps those of the rest', () => {
    const before = beat(emptyGroup, beatOf('one', 0, { epochMs: 1_000 }), [orders]).state
    const once = vacated(before, ['orders/1', 'orders/2'])
    const twice = vacated(once, ['orders/2'])
    const { granted } = beat(vacated(twice), beatOf('one', 1), [orders])
    const numbers = granted.map(({ runNumber }) => runNumber)
    expect(numbers).toEqual([0, once.generation, twice.generation, 0, 0, 0, 0, 0])
    expect(twice.generation).toBeGreaterThan(once.generation)
    expect(once.generation).toBeGreaterThan(1_000)
  })

  test('that nobody was ever in still begins at the wall clock after it was moved', () => {
    const { granted } = beat(vacated(emptyGroup), beatOf('one', 1, { epochMs: 1_700_000_000_000 }), [orders])
    expect(granted[0]?.generation).toBe(1_700_000_000_001)
  })

  test('takes what is paused from its holder, and gives it to nobody until it is resumed', () => {
    const alone = beat(emptyGroup, beatOf('one', 0), [orders]).state
    const paused = { ...alone, paused: [{ topic: 'orders', partition: 3 }] }
    const asked = beat(paused, beatOf('one', 1), [orders])
    expect([asked.wanted, owned(asked.state)]).toEqual([['orders/3'], { one: 8 }])
    const released = beat(asked.state, beatOf('one', 2, { released: asked.wanted }), [orders])
    expect([released.granted, owned(released.state)]).toEqual([[], { one: 7 }])
    expect(beat(released.state, beatOf('two', 3), [orders]).granted).toEqual([])
    const resumed = beat({ ...released.state, paused: [] }, beatOf('one', 4), [orders])
    expect(resumed.granted).toMatchObject([{ partition: 3, member: 'one' }])
    expect(resumed.granted[0]?.generation).toBeGreaterThan(alone.generation)
  })

  test('shares what is not paused evenly', () => {
    const paused = [0, 1, 2, 3].map((partition) => ({ topic: 'orders', partition }))
    const state = settled(settled({ ...emptyGroup, paused }, 'one', [orders]), 'two', [orders])
    expect(owned(state)).toEqual({ one: 2, two: 2 })
  })

  test('may be moved back while all its members say so, and after they have left', () => {
    const allowed = { rewind: 'allowed' } as const
    const alone = beat(emptyGroup, beatOf('one', 0, allowed), [orders]).state
    const mixed = beat(alone, beatOf('two', 1), [orders]).state
    const again = beat(mixed, beatOf('one', 2, allowed), [orders]).state
    const left = beat(again, beatOf('two', 3, { leaves: true }), [orders]).state
    const empty = beat(left, beatOf('one', 4, { ...allowed, leaves: true }), [orders]).state
    const states = [emptyGroup, alone, mixed, again, left, empty, vacated(empty)]
    const said = states.map(({ rewind }) => rewind).join(' ')
    expect(said).toBe('refused allowed refused refused allowed allowed allowed')
  })

  test('leaves a topic alone that no member consumes', () => {
    const { state } = beat(emptyGroup, beatOf('one', 0), [orders, { name: 'carts', partitions: 4 }])
    expect(Object.values(state.held).every(({ topic }) => topic === 'orders')).toBe(true)
  })

  test('grants all anew, under higher generations, to a new session of a member', () => {
    const before = beat(emptyGroup, beatOf('one', 0), [orders]).state
    const { granted, state } = beat(before, beatOf('one', 1, { session: 'one 2' }), [orders])
    expect(granted).toHaveLength(8)
    expect(Math.min(...Object.values(state.held).map(({ generation }) => generation))).toBe(9)
  })

  test('takes a topic from a member that came back without it', () => {
    const before = beat(emptyGroup, beatOf('one', 0), [orders]).state
    const { wanted } = beat(before, beatOf('one', 1, { topics: ['carts'] }), [orders])
    expect(wanted).toHaveLength(8)
  })

  test('grants what a topic with new partitions has to the member with the fewest', () => {
    const all = ['a', 'b', 'c'].reduce((state, member) => settled(state, member, [orders]), emptyGroup)
    const grown = beat(all, beatOf('a', 5), [orders, { name: 'carts', partitions: 1 }])
    expect(grown.granted).toEqual([])
    const wide = beat(all, beatOf('a', 5, { topics: ['orders', 'carts'] }), [
      orders,
      { name: 'carts', partitions: 1 },
    ])
    expect(wide.granted.map(({ member }) => member)).toEqual(['a'])
  })
})

/** The member joins, and all others let go of what is wanted. */
function settled(before: GroupState, member: string, shapes: readonly (typeof orders)[]): GroupState {
  let { state } = beat(before, beatOf(member, 1), shapes)
  for (const each of Object.keys(state.members)) {
    const { wanted } = beat(state, beatOf(each, 1), shapes)
    state = beat(state, beatOf(each, 1, { released: wanted }), shapes).state
  }
  return state
}

const memberNames = ['a', 'b', 'c', 'd', 'e'] as const
const shapesOf = fc.record({ orders: fc.integer({ min: 1, max: 12 }), carts: fc.nat(6) }).map((counts) => [
  { name: 'orders', partitions: counts.orders },
  { name: 'carts', partitions: counts.carts },
])
const topicsOf = fc.constantFrom(['orders'], ['carts'], ['orders', 'carts'])
const membersOf = fc
  .dictionary(fc.constantFrom(...memberNames), topicsOf, { minKeys: 1 })
  .map((members) =>
    Object.fromEntries(
      Object.entries(members).map(([name, topics]): [string, Member] => [
        name,
        { session: name, topics, leaseUntilMs: 1, leaseMs, rewind: 'refused' },
      ]),
    ),
  )

describe('An assignment', () => {
  test('gives each partition that somebody consumes to exactly one of those, and is the same for everyone', () => {
    fc.assert(
      fc.property(membersOf, shapesOf, (members, shapes) => {
        const owners = assign(members, shapes, new Map())
        for (const { name: topic, partitions } of shapes) {
          const consumed = Object.values(members).some(({ topics }) => topics.includes(topic))
          for (let partition = 0; partition < partitions; partition++) {
            const owner = owners.get(partitionName(topic, partition))
            expect(owner !== undefined).toBe(consumed)
            if (owner !== undefined) expect(members[owner]?.topics).toContain(topic)
          }
        }
        const reversed = Object.fromEntries(Object.entries(members).toReversed())
        expect(assign(reversed, shapes, new Map())).toEqual(owners)
      }),
    )
  })

  test('is even among members of the same topics, whoever held what before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.nat(20),
        fc.array(fc.nat(4)),
        (count, partitions, holders) => {
          const names = memberNames.slice(0, count)
          const members = Object.fromEntries(
            names.map((name): [string, Member] => [
              name,
              { session: name, topics: ['orders'], leaseUntilMs: 1, leaseMs, rewind: 'refused' },
            ]),
          )
          const held = heldBy(holders.slice(0, partitions).map((index) => memberNames[index] ?? 'a'))
          const owners = [...assign(members, [{ name: 'orders', partitions }], held).values()]
          const counts = names.map((name) => owners.filter((owner) => owner === name).length)
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
        },
      ),
    )
  })

  test('moves nothing that need not move', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 20 }), (count, partitions) => {
        const member: Member = {
          session: '1',
          topics: ['orders'],
          leaseUntilMs: 1,
          leaseMs,
          rewind: 'refused',
        }
        const membersUpTo = (size: number): Record<string, Member> =>
          Object.fromEntries(memberNames.slice(0, size).map((name) => [name, member]))
        const shapes = [{ name: 'orders', partitions }]
        const before = assign(membersUpTo(count), shapes, new Map())
        const held = heldBy([...before.values()])
        expect(assign(membersUpTo(count), shapes, held)).toEqual(before)
        const after = assign(membersUpTo(count + 1), shapes, held)
        const moved = [...after].filter(([name, owner]) => before.get(name) !== owner)
        expect(moved.every(([, owner]) => owner === memberNames[count])).toBe(true)
        expect(moved).toHaveLength(Math.floor(partitions / (count + 1)))
      }),
    )
  })
})

function pausing(state: GroupState, partitions: readonly number[]): GroupState {
  return { ...state, paused: partitions.map((partition) => ({ topic: 'orders', partition })) }
}

function heldBy(holders: readonly string[]): Map<string, Held> {
  return new Map(
    holders.map((member, partition) => [
      partitionName('orders', partition),
      { topic: 'orders', partition, member, generation: 1, runNumber: 0 },
    ]),
  )
}

describe('Whatever members do', () => {
  const act = fc.record({
    member: fc.constantFrom(...memberNames),
    topics: topicsOf,
    leaves: fc.boolean(),
    releases: fc.boolean(),
    waitMs: fc.constantFrom(0, 1, 4_000, 20_000),
    pauses: fc.option(fc.array(fc.nat(5), { maxLength: 3 })),
  })

  test('a partition changes hands only when it was let go or its lease ended, under a higher generation, and while it is not paused', () => {
    fc.assert(
      fc.property(shapesOf, fc.array(act, { maxLength: 30 }), (shapes, acts) => {
        let state = emptyGroup
        let nowMs = 0
        for (const { member, topics, leaves, releases, waitMs, pauses } of acts) {
          if (pauses !== null) state = pausing(state, pauses)
          nowMs += waitMs
          const { wanted } = beat(state, beatOf(member, nowMs, { topics }), shapes)
          const released = releases ? wanted : []
          const next = beat(state, beatOf(member, nowMs, { topics, released, leaves }), shapes)
          for (const [name, held] of Object.entries(next.state.held)) {
            const before = state.held[name]
            expect(next.state.members[held.member]).toBeDefined()
            if (before === undefined || before.generation === held.generation) continue
            const over = (state.members[before.member]?.leaseUntilMs ?? 0) <= nowMs
            const letGo = before.member === member && (leaves || released.includes(name))
            expect(over || letGo).toBe(true)
          }
          for (const { generation, topic, partition } of next.granted) {
            expect(generation).toBeGreaterThan(state.generation)
            expect(isPaused(state.paused, topic, partition)).toBe(false)
          }
          expect(new Set(next.granted.map(({ generation }) => generation)).size).toBe(next.granted.length)
          state = next.state
        }
      }),
    )
  })

  test('the group comes to rest with every partition owned', () => {
    fc.assert(
      fc.property(membersOf, shapesOf, (members, shapes) => {
        let state = emptyGroup
        for (let round = 0; round < 8; round++) {
          for (const [member, { topics }] of Object.entries(members)) {
            const { wanted } = beat(state, beatOf(member, round, { topics }), shapes)
            state = beat(state, beatOf(member, round, { topics, released: wanted }), shapes).state
          }
        }
        for (const [member, { topics }] of Object.entries(members)) {
          const { granted, wanted } = beat(state, beatOf(member, 9, { topics }), shapes)
          expect([granted, wanted]).toEqual([[], []])
        }
      }),
    )
  })
})
