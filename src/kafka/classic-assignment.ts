import { assign, partitionName } from '../log/index.ts'
import type { Cluster } from './cluster.ts'
import type { MembershipOptions } from './membership.ts'
import type { Place } from './offsets.ts'
import {
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
} from './requests.ts'

/** The format of what members tell each other is that of all consumers, so that Kafka's own tools show it. */
export const protocolType = 'consumer'
/** Who shares a group must speak the same: a member of another library is refused by the broker. */
export const protocolName = 'tidings'
const version = 2

/** Tells one start of a process from the next, which may have the same name. */
const startedAtMs = Date.now()
let joined = 0

/** What a member says when it joins: its topics, what it has, and its name. */
export function subscriptionOf(
  options: MembershipOptions,
  owned: readonly Place[],
  generationId: number,
): Buffer {
  let session = sessions.get(options)
  if (session === undefined) {
    session = [startedAtMs, joined++]
    sessions.set(options, session)
  }
  return encodeConsumerProtocolSubscription({
    version,
    topics: [...options.topics],
    userData: JSON.stringify({ member: options.member, session }),
    ownedPartitions: byTopic(owned),
    generationId,
  })
}

const sessions = new WeakMap<MembershipOptions, readonly [number, number]>()

export function assignedOf(assignment: Buffer): readonly Place[] {
  return placesOf(decodeConsumerProtocolAssignment(assignment).assignedPartitions)
}

export function topicsOf(metadata: Buffer): readonly string[] {
  return decodeConsumerProtocolSubscription(metadata).topics
}

interface JoinedMember {
  readonly memberId: string
  readonly metadata: Buffer
}

interface Candidate {
  readonly id: string
  readonly name: string
  readonly session: readonly [number, number]
  readonly topics: readonly string[]
  readonly owned: readonly Place[]
  readonly generation: number
}

/**
 * Who gets what, as the leader of the group decides: what a member has stays with it while the load is even, and what shall
 * move is given to nobody until its owner has let go. Of two members with the same name the one that started later counts.
 */
export async function assignmentsOf(
  cluster: Cluster,
  members: readonly JoinedMember[],
): Promise<{ memberId: string; assignment: Buffer }[]> {
  const candidates = members.map(candidateOf)
  const names = [...new Set(candidates.flatMap(({ topics }) => topics))]
  const shapes = (await cluster.refresh(names)).map(({ name, leaders }) => ({
    name,
    partitions: leaders.length,
  }))
  const held = heldOf(candidates)
  const newest = candidates.filter((each) => !candidates.some((other) => replaces(other, each)))
  const byId = Object.fromEntries(newest.map(({ id, topics }) => [id, { topics }]))
  const owners = assign(byId, shapes.toSorted(byName), held)
  const assigned = new Map<string, Place[]>(candidates.map(({ id }) => [id, []]))
  for (const { name, partitions } of shapes) {
    for (let partition = 0; partition < partitions; partition++) {
      const key = partitionName(name, partition)
      const owner = owners.get(key)
      const holder = held.get(key)?.member
      if (owner !== undefined && (holder === undefined || holder === owner)) {
        assigned.get(owner)?.push({ topic: name, partition })
      }
    }
  }
  return [...assigned].map(([memberId, places]) => ({
    memberId,
    assignment: encodeConsumerProtocolAssignment({ version, assignedPartitions: byTopic(places) }),
  }))
}

function candidateOf({ memberId, metadata }: JoinedMember): Candidate {
  const { topics, ownedPartitions, generationId } = decodeConsumerProtocolSubscription(metadata)
  const { member = memberId, session = [0, 0] } = said(metadata)
  return {
    id: memberId,
    name: member,
    session,
    topics,
    owned: placesOf(ownedPartitions),
    generation: generationId,
  }
}

function said(metadata: Buffer): {
  readonly member?: string
  readonly session?: readonly [number, number]
} {
  try {
    const { userData } = decodeConsumerProtocolSubscription(metadata)
    return JSON.parse(userData.toString()) as ReturnType<typeof said>
  } catch {
    return {}
  }
}

function replaces(other: Candidate, one: Candidate): boolean {
  if (other.name !== one.name || other.id === one.id) return false
  const [otherStart, otherCount] = other.session
  const [start, count] = one.session
  return otherStart > start || (otherStart === start && otherCount > count)
}

/** By partition name. Where two say that they have it, the one that had it in the later generation does. */
function heldOf(candidates: readonly Candidate[]): ReadonlyMap<string, { readonly member: string }> {
  const held = new Map<string, { readonly member: string; readonly generation: number }>()
  for (const { id, owned, generation } of candidates) {
    for (const { topic, partition } of owned) {
      const key = partitionName(topic, partition)
      if ((held.get(key)?.generation ?? -2) < generation) held.set(key, { member: id, generation })
    }
  }
  return held
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}

function byTopic(places: readonly Place[]): { topic: string; partitions: number[] }[] {
  return [...Map.groupBy(places, ({ topic }) => topic)].map(([topic, same]) => ({
    topic,
    partitions: same.map(({ partition }) => partition),
  }))
}

function placesOf(
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
): readonly Place[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
}
