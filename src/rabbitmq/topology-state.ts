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
  | { readonly kind: 'forget'; readonly group: string; readonly revision: number }
  | {
      readonly kind: 'report'
      readonly group: string
      readonly member: string
      readonly inFlight: Readonly<Record<string, InFlight>>
    }
  | { readonly kind: 'snapshot'; readonly next: number; readonly topology: WrittenTopology }

export interface KnownGroup {
  readonly revision: number
  /** Leases end by the monotonic clock of this process. */
  readonly state: GroupState
  /** Topics that it has queues of. */
  readonly queues: ReadonlySet<string>
  /** By member, what it last reported. */
  readonly reports: ReadonlyMap<string, Readonly<Record<string, InFlight>>>
}

export interface Topology {
  readonly topics: ReadonlyMap<string, TopicSettings>
  readonly groups: ReadonlyMap<string, KnownGroup>
}

/** As it is written, for whoever finds the beginning of the stream gone. */
export interface WrittenTopology {
  readonly topics: readonly TopicSettings[]
  readonly groups: Readonly<
    Record<
      string,
      { readonly revision: number; readonly state: GroupState; readonly queues: readonly string[] }
    >
  >
}

export const emptyTopology: Topology = { topics: new Map(), groups: new Map() }

const unknownGroup: KnownGroup = { revision: 0, state: emptyGroup, queues: new Set(), reports: new Map() }

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
    case 'snapshot':
      return topology
  }
}

export function written({ topics, groups }: Topology): WrittenTopology {
  const each = [...groups].map(([name, { revision, state, queues }]) => {
    return [name, { revision, state, queues: [...queues] }] as const
  })
  return { topics: [...topics.values()], groups: Object.fromEntries(each) }
}

/** Leases that it names begin now: when they were renewed is not known any more. */
export function readTopology({ topics, groups }: WrittenTopology, nowMs: number): Topology {
  const known = Object.entries(groups).map(([name, { revision, state, queues }]): [string, KnownGroup] => {
    const begun = leased(state, emptyGroup, Object.keys(state.members), nowMs)
    return [name, { revision, state: begun, queues: new Set(queues), reports: new Map() }]
  })
  return { topics: new Map(topics.map((topic) => [topic.name, whole(topic)])), groups: new Map(known) }
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
