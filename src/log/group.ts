import { partitionName } from './partitioner.ts'
import { type GroupPart, isPaused } from './pause.ts'

/**
 * Who owns which partition: pure functions over the state of a group, for every engine whose membership is ours.
 * A partition changes hands in three steps, each a save of the state: it is wanted by another member, its owner lets
 * go (`released`, or its lease ends), the other is granted it under a new generation. So two members never hold it
 * at once, and the generation fences the old one.
 */
export interface GroupState {
  readonly members: Readonly<Record<string, Member>>
  /** By partition name; a partition that nobody holds is absent. */
  readonly held: Readonly<Record<string, Held>>
  /** The highest generation handed out. */
  readonly generation: number
  /** What is assigned to nobody until it is resumed. */
  readonly paused: readonly GroupPart[]
  /** What its members say, while they agree; `refused` when one of them does not allow it. Kept when the last one leaves. */
  readonly rewind: Rewind
  /** By partition name, of those that were sought `again`; of all others it is 0. Each is greater than those before it. */
  readonly runNumbers: Readonly<Record<string, number>>
}

/** Whether a group may be moved back: one that sends mails should not. */
export type Rewind = 'allowed' | 'refused'

export interface Member {
  /** Tells one start of a member from the next, which may have the same id. */
  readonly session: string
  readonly topics: readonly string[]
  /** On the engine's lease clock, in ms. */
  readonly leaseUntilMs: number
  /** How long its leases are. */
  readonly leaseMs: number
  readonly rewind: Rewind
}

export interface Held {
  readonly topic: string
  readonly partition: number
  readonly member: string
  readonly generation: number
  readonly runNumber: number
}

export interface TopicShape {
  readonly name: string
  readonly partitions: number
}

export interface Beat {
  readonly member: string
  readonly session: string
  readonly topics: readonly string[]
  /** On the engine's lease clock. */
  readonly nowMs: number
  readonly leaseMs: number
  readonly rewind: Rewind
  /** Wall time, ms since the Unix epoch. Generations of a new group begin there: so they are above those of an earlier log of the same name, which an inbox elsewhere may remember. */
  readonly epochMs: number
  /** Partition names this member lets go of. */
  readonly released: readonly string[]
  /** The member leaves the group with this beat. */
  readonly leaves: boolean
}

export interface BeatResult {
  readonly state: GroupState
  /** Newly held, by this member or by others; their generations must be raised with the save. */
  readonly granted: readonly Held[]
  /** Partition names this member holds and another should have, or nobody: they are paused. */
  readonly wanted: readonly string[]
}

export const emptyGroup: GroupState = {
  members: {},
  held: {},
  generation: 0,
  paused: [],
  rewind: 'refused',
  runNumbers: {},
}

/**
 * One member says that it lives: members whose lease has ended are dropped, free partitions are granted. A new session
 * of a member takes its place at once, under new generations: a member with a name of its own that was killed need not
 * wait for its old lease to end.
 */
export function beat(state: GroupState, input: Beat, shapes: readonly TopicShape[]): BeatResult {
  const members = livingMembers(state, input)
  const replaced = state.members[input.member]?.session !== input.session
  const released = new Set(input.released)
  const kept = new Map<string, Held>()
  for (const [name, held] of Object.entries(state.held)) {
    const letGo = held.member === input.member && (replaced || released.has(name))
    if (!letGo && members[held.member] !== undefined) kept.set(name, held)
  }
  const owners = assign(members, shapes, kept, state.paused)
  const granted: Held[] = []
  const wanted: string[] = []
  let generation = state.generation === 0 ? Math.floor(input.epochMs) : state.generation
  for (const { name, topic, partition } of partitionsOf(shapes)) {
    const owner = owners.get(name)
    const holder = kept.get(name)
    if (holder === undefined) {
      if (owner === undefined) continue
      generation += 1
      const runNumber = state.runNumbers[name] ?? 0
      const held = { topic, partition, member: owner, generation, runNumber }
      kept.set(name, held)
      granted.push(held)
    } else if (holder.member === input.member && owner !== input.member) wanted.push(name)
  }
  const rewind = rewindOf(members) ?? state.rewind
  const after = { ...state, members, held: Object.fromEntries(kept), generation, rewind }
  return { state: after, granted, wanted }
}

function livingMembers(state: GroupState, input: Beat): Record<string, Member> {
  const members: Record<string, Member> = {}
  for (const [id, member] of Object.entries(state.members)) {
    if (id !== input.member && isLiving(member, input.nowMs)) members[id] = member
  }
  const { member, session, topics, nowMs, leaseMs, rewind } = input
  if (!input.leaves) members[member] = { session, topics, leaseUntilMs: nowMs + leaseMs, leaseMs, rewind }
  return members
}

/** Undefined where nobody says anything. */
function rewindOf(members: Readonly<Record<string, Member>>): Rewind | undefined {
  const said = Object.values(members).map(({ rewind }) => rewind)
  if (said.length === 0) return undefined
  return said.includes('refused') ? 'refused' : 'allowed'
}

/**
 * Whether a member's lease still runs. One that ends later than a lease can is of an earlier start of the machine, with
 * which the lease clock began anew; the second lease of room is for clocks of processes that differ a little.
 */
export function isLiving({ leaseUntilMs, leaseMs }: Member, nowMs: number): boolean {
  return leaseUntilMs > nowMs && leaseUntilMs <= nowMs + 2 * leaseMs
}

/**
 * The group with a longer lease of one member, and nothing else changed; undefined when the member has a new session, or
 * none, or its lease has ended: then only the member itself can join again.
 */
export function prolonged(
  state: GroupState,
  member: string,
  session: string,
  nowMs: number,
): GroupState | undefined {
  const known = state.members[member]
  if (known === undefined || known.session !== session || !isLiving(known, nowMs)) return undefined
  const leaseUntilMs = Math.max(known.leaseUntilMs, nowMs + known.leaseMs)
  return { ...state, members: { ...state.members, [member]: { ...known, leaseUntilMs } } }
}

/**
 * The group with nobody in it, under a generation that nobody was granted: whoever still takes itself for a member has
 * to join again.
 * @param again names of partitions whose run number is raised: to that generation, which is greater than any before, also
 *   of an earlier group of the name, which an inbox may remember.
 */
export function vacated(state: GroupState, again: readonly string[] = []): GroupState {
  // 0 stays: nothing was ever granted, and the first generation is still to begin at the wall clock.
  const generation = state.generation === 0 ? 0 : state.generation + 1
  const raised = Object.fromEntries(again.map((name) => [name, generation]))
  return { ...state, members: {}, held: {}, generation, runNumbers: { ...state.runNumbers, ...raised } }
}

/**
 * Which member should own each partition: whoever holds it keeps it, free ones go to the member with the fewest, and
 * partitions move only while that makes the load more even. Only members that consume a topic get its partitions,
 * so versions of a service with different topics run side by side; what is paused has no owner. Deterministic: every member computes the same.
 */
export function assign(
  members: Readonly<Record<string, Pick<Member, 'topics'>>>,
  shapes: readonly TopicShape[],
  held: ReadonlyMap<string, Pick<Held, 'member'>>,
  paused: readonly GroupPart[] = [],
): ReadonlyMap<string, string> {
  const ids = Object.keys(members).toSorted()
  const load = new Map(ids.map((id) => [id, 0]))
  const owners = new Map<string, string>()
  const count = (id: string): number => load.get(id) ?? 0
  const give = (name: string, id: string): void => {
    const before = owners.get(name)
    if (before !== undefined) load.set(before, count(before) - 1)
    owners.set(name, id)
    load.set(id, count(id) + 1)
  }
  const lightest = (topic: string): string | undefined => {
    let best: string | undefined
    for (const id of ids) {
      if (members[id]?.topics.includes(topic) && (best === undefined || count(id) < count(best))) best = id
    }
    return best
  }
  const partitions = partitionsOf(shapes).filter((each) => !isPaused(paused, each.topic, each.partition))
  for (const { name, topic } of partitions) {
    const holder = held.get(name)?.member
    if (holder !== undefined && members[holder]?.topics.includes(topic)) give(name, holder)
  }
  for (const { name, topic } of partitions) {
    const member = owners.has(name) ? undefined : lightest(topic)
    if (member !== undefined) give(name, member)
  }
  for (const { name, topic } of partitions) {
    const owner = owners.get(name)
    const member = lightest(topic)
    if (owner !== undefined && member !== undefined && count(owner) > count(member) + 1) give(name, member)
  }
  return owners
}

function partitionsOf(shapes: readonly TopicShape[]): { name: string; topic: string; partition: number }[] {
  return shapes.flatMap((shape) =>
    Array.from({ length: shape.partitions }, (_, partition) => ({
      name: partitionName(shape.name, partition),
      topic: shape.name,
      partition,
    })),
  )
}
