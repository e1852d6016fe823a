import { describe, expect, test } from 'vitest'
import { emptyGroup, type GroupState } from '../log/index.ts'
import {
  applied,
  emptyTopology,
  leasedAnew,
  readTopology,
  type Topology,
  type TopologyEntry,
  written,
} from './topology-state.ts'

const retention = { ageMs: undefined, bytes: undefined }
const topic = (partitions: number): TopologyEntry => ({
  kind: 'topic',
  topic: { name: 'orders', partitions, retention },
})

function groupState(holder: string, generation: number): GroupState {
  const member = {
    session: holder,
    topics: ['orders'],
    leaseUntilMs: 1,
    leaseMs: 10_000,
    rewind: 'allowed',
  } as const
  const held = { topic: 'orders', partition: 0, member: holder, generation, runNumber: 0 }
  return { ...emptyGroup, generation, members: { [holder]: member }, held: { 'orders/0': held } }
}

const save = (revision: number, state: GroupState | undefined, ...renewed: string[]): TopologyEntry => ({
  kind: 'group',
  group: 'billing',
  revision,
  renewed,
  state,
})

function after(entries: readonly TopologyEntry[], from: Topology = emptyTopology): Topology {
  return entries.reduce((topology, entry, index) => applied(topology, entry, 1_000 * index), from)
}

const billing = (topology: Topology) => topology.groups.get('billing')

const forget = (revision: number): TopologyEntry => ({ kind: 'forget', group: 'billing', revision })

const count = (attempts: Readonly<Record<string, number>>): TopologyEntry => ({
  kind: 'attempts',
  group: 'billing',
  partition: 'orders/0',
  attempts,
})

const report = (member: string): TopologyEntry => {
  return { kind: 'report', group: 'billing', member, inFlight: {} }
}

describe('Topics', () => {
  test('keep the partition count of the first, and the retention of the last', () => {
    const limited = { name: 'orders', partitions: 9, retention: { ageMs: 60_000, bytes: undefined } }
    const topology = after([topic(4), { kind: 'topic', topic: limited }])
    expect(topology.topics.get('orders')).toEqual({ ...limited, partitions: 4 })
  })
})

describe('A group', () => {
  test('is changed by the first that names its revision, and by no later one', () => {
    const topology = after([save(0, groupState('one', 1)), save(0, groupState('two', 1))])
    expect(billing(topology)?.revision).toBe(1)
    expect(Object.keys(billing(topology)?.state.members ?? {})).toEqual(['one'])
  })

  test('has leases that begin when the entry was read, by the clock of the reader', () => {
    const topology = after([save(0, groupState('one', 1), 'one'), save(1, groupState('one', 1))])
    expect(billing(topology)?.state.members['one']?.leaseUntilMs).toBe(10_000)
    const renewed = after([save(2, undefined, 'one')], topology)
    expect(billing(renewed)?.state.members['one']?.leaseUntilMs).toBe(10_000)
    expect(
      billing(applied(topology, save(2, undefined, 'one'), 7_000))?.state.members['one']?.leaseUntilMs,
    ).toBe(17_000)
  })

  test('has leases that begin anew when its stream can be read again', () => {
    const topology = leasedAnew(after([save(0, groupState('one', 1), 'one')]), 30_000)
    expect(billing(topology)?.state.members['one']?.leaseUntilMs).toBe(40_000)
  })

  test('is forgotten at its revision alone, and begins anew then', () => {
    const topology = after([save(0, groupState('one', 1)), forget(0)])
    expect(billing(topology)?.revision).toBe(1)
    expect(billing(after([forget(1)], topology))).toBeUndefined()
  })

  test('knows of who took over whether its predecessor had let go in order', () => {
    const letGo: TopologyEntry = { kind: 'letGo', group: 'billing', partitions: ['orders/0'] }
    const calm = after([save(0, groupState('one', 1)), letGo, save(1, groupState('two', 2))])
    expect(billing(calm)?.letGo.get('orders/0')).toBe(2)
    const afterDeath = after([save(2, groupState('three', 3))], calm)
    expect(billing(afterDeath)?.letGo.has('orders/0')).toBe(false)
  })

  test('keeps the attempts of suspect events of a partition until there are none', () => {
    const counted = after([save(0, groupState('one', 1)), count({ a: 2 })])
    expect(billing(counted)?.attempts.get('orders/0')).toEqual({ a: 2 })
    expect(billing(after([count({})], counted))?.attempts.size).toBe(0)
  })

  test('has no reports of those who are not in it', () => {
    const topology = after([save(0, groupState('one', 1)), report('one'), report('gone')])
    expect([...(billing(topology)?.reports.keys() ?? [])]).toEqual(['one'])
  })
})

test('What a newer program writes changes nothing for an older one', () => {
  const topology = after([topic(4)])
  const unknown: TopologyEntry = JSON.parse('{"kind":"of tomorrow"}')
  expect(applied(topology, unknown, 0)).toBe(topology)
})

test('What is written again says all that the stream said, but for reports', () => {
  const topology = after([
    topic(4),
    { kind: 'queues', group: 'billing', topic: 'orders' },
    save(0, groupState('one', 1), 'one'),
    { kind: 'attempts', group: 'billing', partition: 'orders/0', attempts: { a: 2 } },
  ])
  const again = readTopology(JSON.parse(JSON.stringify(written(topology))), 50_000)
  expect(again.topics).toEqual(topology.topics)
  const { state, ...rest } = billing(again) ?? { state: undefined, attempts: undefined }
  expect(rest).toMatchObject({ revision: 1, queues: new Set(['orders']) })
  expect(rest.attempts?.get('orders/0')).toEqual({ a: 2 })
  expect(state?.held).toEqual(billing(topology)?.state.held)
  expect(state?.members['one']?.leaseUntilMs).toBe(60_000)
})
