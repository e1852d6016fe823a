import { expect, test } from 'vitest'
import { assignedOf, assignmentsOf, subscriptionOf } from './classic-assignment.ts'
import type { Cluster } from './cluster.ts'
import type { MembershipOptions } from './membership.ts'

const shapes: Readonly<Record<string, number>> = { orders: 4, carts: 2 }

/** Knows how many partitions the topics have, and nothing else. */
const cluster = {
  refresh: async (names: readonly string[]) =>
    names.map((name) => ({ name, id: name, leaders: Array.from({ length: shapes[name] ?? 0 }, () => 1) })),
} as unknown as Cluster

interface Says {
  readonly name?: string
  readonly topics?: readonly string[]
  /** Partitions of orders. */
  readonly owned?: readonly number[]
  readonly generation?: number
}

const events = { assigned: () => undefined, lost: () => undefined, failed: () => undefined }

function member(id: string, { name = id, topics = ['orders'], owned = [], generation = 1 }: Says = {}) {
  const options: MembershipOptions = {
    group: 'billing',
    member: name,
    topics,
    sessionTimeoutMs: 1,
    heartbeatEveryMs: 1,
    instanceId: undefined,
    events,
  }
  const places = owned.map((partition) => ({ topic: 'orders', partition }))
  return { memberId: id, metadata: subscriptionOf(options, places, generation) }
}

/** Who gets what, as `orders/0`. */
async function assigned(...members: ReturnType<typeof member>[]): Promise<Record<string, string[]>> {
  const assignments = await assignmentsOf(cluster, members)
  return Object.fromEntries(
    assignments.map(({ memberId, assignment }) => [
      memberId,
      assignedOf(assignment).map(({ topic, partition }) => `${topic}/${partition}`),
    ]),
  )
}

test('Partitions that nobody has are divided evenly', async () => {
  expect(await assigned(member('a'), member('b'))).toEqual({
    a: ['orders/0', 'orders/2'],
    b: ['orders/1', 'orders/3'],
  })
})

test('What shall move is given to nobody while its owner has it, and to the other once it has let go', async () => {
  const before = await assigned(member('a', { owned: [0, 1, 2, 3] }), member('b'))
  expect(before['b']).toEqual([])
  expect(before['a']).toHaveLength(2)
  const kept = (before['a'] ?? []).map((name) => Number(name.split('/')[1]))
  const after = await assigned(member('a', { owned: kept }), member('b'))
  expect(after['a']).toEqual(before['a'])
  expect(after['b']).toHaveLength(2)
})

test('Each member gets partitions of its own topics only', async () => {
  const topics = ['carts']
  expect(await assigned(member('a'), member('b', { topics }))).toEqual({
    a: ['orders/0', 'orders/1', 'orders/2', 'orders/3'],
    b: ['carts/0', 'carts/1'],
  })
})

test('Of two that say they have a partition, the one of the later generation does', async () => {
  const stale = member('a', { owned: [0, 1, 2, 3], generation: 3 })
  const owner = member('b', { owned: [0, 1], generation: 4 })
  const { a, b } = await assigned(stale, owner)
  expect([a, b]).toEqual([
    ['orders/2', 'orders/3'],
    ['orders/0', 'orders/1'],
  ])
})

test('A member that was started again takes the place of the one with its name, once that has let go', async () => {
  const former = member('a', { name: 'pod-0', owned: [0, 1, 2, 3] })
  const twin = member('b', { name: 'pod-0' })
  expect(await assigned(former, twin)).toEqual({ a: [], b: [] })
  expect((await assigned(member('a', { name: 'pod-0' }), member('b', { name: 'pod-0' })))['b']).toHaveLength(
    4,
  )
})

test('A member that says nothing we understand is still a member, under its id', async () => {
  const metadata = Buffer.from(member('a').metadata)
  // Its version, one topic, then what its user data is.
  metadata.write('x', metadata.indexOf('{'))
  const { a, b } = await assigned({ memberId: 'a', metadata }, member('b'))
  expect([a?.length, b?.length]).toEqual([2, 2])
})
