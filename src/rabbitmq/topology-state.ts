import { emptyGroup, type GroupState, type TopicSettings } from '../log/index.ts'

/** How many events of a partition a member has in hand, and since when the oldest waits (ms since the Unix epoch). */
export interface InFlight {
  readonly events: number
  readonly oldestAt: number | undefined
}

/** One entry of the stream of topics and groups. Groups are compare-and-set: what names another revision has no effect. */
export type TopologyEntry =
  | { readonly kind: 'topic'; readonly topic: TopicSettings }
  | { readonly kind: 'queues'; readonly group: string; readonly topic: string }
  | {
      readonly kind: 'group'
      readonly group: string
      readonly revision: number
      /** Absent where only leases have changed. */
      readonly state?: GroupState | undefined
      /** Members whose leases begin anew. */
      readonly renewed: readonly string[]
    }
  | {
      readonly kind: 'attempts'
      readonly group: string
      /** The name of a partition, and of suspect events in it the attempts that were counted, by what they are known by. */
      readonly partition: string
      readonly attempts: AttemptCounts
    }
  | {
      readonly kind: 'letGo'
      readonly group: string
      /** Names of partitions whose owner has let go of them in order: what it had is nobody's fault. */
      readonly partitions: readonly string[]
    }
  /** Queues of the topic were declared again, since somebody had deleted some. */
  | { readonly kind: 'remade'; readonly topic: string }
  | { readonly kind: 'forget'; readonly group: string; readonly revision: number }
  | {
      readonly kind: 'report'
      readonly group: string
      readonly member: string
      readonly inFlight: Readonly<Record<string, InFlight>>
    }
  | { readonly kind: 'snapshot'; readonly next: number; readonly topology: WrittenTopology }

export type AttemptCounts = Readonly<Record<string, number>>

export interface KnownGroup {
  readonly revision: number
  /** Leases end by the monotonic clock of this process. */
  readonly state: GroupState
  /** Topics that it has queues of. */
  readonly queues: ReadonlySet<string>
  /** By member, what it last reported. */
  readonly reports: ReadonlyMap<string, Readonly<Record<string, InFlight>>>
  /** By partition name, of events that were in the hands of a member that died. */
  readonly attempts: ReadonlyMap<string, AttemptCounts>
  /** By partition name: whether the last owner has let go in order, and the generation that took over then. */
  readonly letGo: ReadonlyMap<string, 'nobody' | number>
}

export interface Topology {
  readonly topics: ReadonlyMap<string, TopicSettings>
  readonly groups: ReadonlyMap<string, KnownGroup>
}

/** As it is written, for whoever finds the beginning of the stream gone. */
export interface WrittenTopology {
  readonly topics: readonly TopicSettings[]
  readonly groups: Readonly<Record<string, WrittenGroup>>
}

interface WrittenGroup {
  readonly revision: number
  readonly state: GroupState
  readonly queues: readonly string[]
  readonly attempts: Readonly<Record<string, AttemptCounts>>
}

export const emptyTopology: Topology = { topics: new Map(), groups: new Map() }

const unknownGroup: KnownGroup = {
  revision: 0,
  state: emptyGroup,
  queues: new Set(),
  reports: new Map(),
  attempts: new Map(),
  letGo: new Map(),
}

/** The topology after an entry; the same object where the entry has no effect. @param nowMs when it was read, monotonic. */
export function applied(topology: Topology, entry: TopologyEntry, nowMs: number): Topology {
  switch (entry.kind) {
    case 'topic':
      return withTopic(topology, entry.topic)
    case 'queues':
      return changed(topology, entry.group, (group) => ({
        ...group,
        queues: new Set([...group.queues, entry.topic]),
      }))
    case 'group':
      return changed(topology, entry.group, (group) =>
        group.revision === entry.revision
          ? {
              ...group,
              revision: entry.revision + 1,
              state: leased(entry.state ?? group.state, group.state, entry.renewed, nowMs),
              letGo: takenOver(group.letGo, entry.state),
            }
          : group,
      )
    case 'forget': {
      if (topology.groups.get(entry.group)?.revision !== entry.revision) return topology
      const groups = new Map(topology.groups)
      groups.delete(entry.group)
      return { ...topology, groups }
    }
    case 'report':
      return changed(topology, entry.group, (group) =>
        group.state.members[entry.member] === undefined
          ? group
          : { ...group, reports: new Map(group.reports).set(entry.member, entry.inFlight) },
      )
    case 'attempts':
      return changed(topology, entry.group, (group) => ({
        ...group,
        attempts: withAttempts(group.attempts, entry.partition, entry.attempts),
      }))
    case 'letGo':
      return changed(topology, entry.group, (group) => ({
        ...group,
        letGo: new Map([...group.letGo, ...entry.partitions.map((name) => [name, 'nobody'] as const)]),
      }))
    case 'remade':
    case 'snapshot':
    // What a newer program writes beside this one.
    // oxlint-disable-next-line unicorn/no-useless-switch-case
    default:
      return topology
  }
}

export function written({ topics, groups }: Topology): WrittenTopology {
  const each = [...groups].map(([name, { revision, state, queues, attempts }]) => {
    const group = { revision, state, queues: [...queues], attempts: Object.fromEntries(attempts) }
    return [name, group] as const
  })
  return { topics: [...topics.values()], groups: Object.fromEntries(each) }
}

/** Leases that it names begin now: when they were renewed is not known any more. */
export function readTopology({ topics, groups }: WrittenTopology, nowMs: number): Topology {
  const known = Object.entries(groups).map(([name, group]): [string, KnownGroup] => {
    const state = leased(group.state, emptyGroup, [], nowMs)
    const attempts = new Map(Object.entries(group.attempts))
    const { revision, queues } = group
    return [
      name,
      { revision, state, queues: new Set(queues), reports: new Map(), attempts, letGo: new Map() },
    ]
  })
  return { topics: new Map(topics.map((topic) => [topic.name, whole(topic)])), groups: new Map(known) }
}

/** Leases begin now: while the stream could not be read nobody could renew one, or be heard. */
export function leasedAnew(topology: Topology, nowMs: number): Topology {
  const groups = [...topology.groups].map(([name, group]): [string, KnownGroup] => {
    const state = leased(group.state, emptyGroup, [], nowMs)
    return [name, { ...group, state }]
  })
  return { ...topology, groups: new Map(groups) }
}

/** Of what was let go of in order, who has it since; an owner after that one comes after a death again. */
function takenOver(before: KnownGroup['letGo'], state: GroupState | undefined): KnownGroup['letGo'] {
  if (state === undefined || before.size === 0) return before
  const after = new Map(before)
  for (const [name, since] of before) {
    const generation = state.held[name]?.generation
    if (generation === undefined || generation === since) continue
    if (since === 'nobody') after.set(name, generation)
    else after.delete(name)
  }
  return after
}

function withAttempts(
  before: KnownGroup['attempts'],
  partition: string,
  attempts: AttemptCounts,
): KnownGroup['attempts'] {
  const after = new Map(before)
  if (Object.keys(attempts).length === 0) after.delete(partition)
  else after.set(partition, attempts)
  return after
}

/** The partition count stays; retention follows the last. */
function withTopic(topology: Topology, topic: TopicSettings): Topology {
  const partitions = topology.topics.get(topic.name)?.partitions ?? topic.partitions
  return { ...topology, topics: new Map(topology.topics).set(topic.name, whole({ ...topic, partitions })) }
}

function changed(topology: Topology, name: string, change: (group: KnownGroup) => KnownGroup): Topology {
  const before = topology.groups.get(name) ?? unknownGroup
  const after = change(before)
  return after === before ? topology : { ...topology, groups: new Map(topology.groups).set(name, after) }
}

/** Each process counts leases by its own clock, from when it read that they were renewed: no two clocks are compared. */
function leased(
  state: GroupState,
  before: GroupState,
  renewed: readonly string[],
  nowMs: number,
): GroupState {
  const members = Object.entries(state.members).map(([id, member]) => {
    const known = renewed.includes(id) ? undefined : before.members[id]
    return [id, { ...member, leaseUntilMs: known?.leaseUntilMs ?? nowMs + member.leaseMs }]
  })
  return { ...state, members: Object.fromEntries(members) }
}

/** What JSON leaves out is there, and undefined. */
function whole({ name, partitions, retention: { ageMs, bytes } }: TopicSettings): TopicSettings {
  return { name, partitions, retention: { ageMs, bytes } }
}
