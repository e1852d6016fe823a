import { broker, brokerError } from './broker-errors.ts'
import { assignedOf, topicsOf } from './classic-assignment.ts'
import { type Cluster, memberOf } from './cluster.ts'
import type { Place } from './offsets.ts'
import { requests } from './requests.ts'

export interface DescribedMember {
  readonly member: string
  readonly topics: readonly string[]
  readonly partitions: readonly Place[]
}

interface ListedGroup {
  readonly name: string
  readonly isConsumer: boolean
}

/** Every group of consumers that the brokers know, whoever's they are. */
async function listGroups(cluster: Cluster): Promise<readonly ListedGroup[]> {
  if (cluster.nodes.length === 0) await cluster.patiently(() => cluster.refresh([]))
  const answers = await Promise.all(
    cluster.nodes.map((node) =>
      cluster.patiently(async () => {
        const answer = await cluster.ask({ node }, requests.listGroups, [[], []])
        if (answer.errorCode !== broker.ok) throw brokerError(answer.errorCode, 'Listing groups')
        return answer.groups
      }),
    ),
  )
  return answers
    .flat()
    .filter(({ protocolType, groupType, groupState }) => {
      // One that has only ever committed has no protocol.
      const isOfConsumers = protocolType === 'consumer' || protocolType === ''
      return isOfConsumers && isKnownType(groupType) && groupState.toLowerCase() !== 'dead'
    })
    .map(({ groupId, groupType }) => ({ name: groupId, isConsumer: groupType.toLowerCase() === 'consumer' }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function isKnownType(groupType: string): boolean {
  return ['', 'classic', 'consumer'].includes(groupType.toLowerCase())
}

/** By group, its members now. */
export async function describeGroups(
  cluster: Cluster,
): Promise<ReadonlyMap<string, readonly DescribedMember[]>> {
  const groups = await listGroups(cluster)
  const described = await Promise.all(
    groups.map(async ({ name, isConsumer }) => {
      const members = isConsumer ? await consumerMembers(cluster, name) : await classicMembers(cluster, name)
      return [name, members] as const
    }),
  )
  return new Map(described)
}

async function classicMembers(cluster: Cluster, group: string): Promise<readonly DescribedMember[]> {
  const answer = await cluster.askCoordinator(
    group,
    requests.describeGroups,
    [[group], false],
    ({ groups }) => groups[0]?.errorCode ?? broker.ok,
  )
  // While the group rebalances, the broker says neither their metadata nor what they have.
  return (answer.groups[0]?.members ?? []).map(
    ({ memberId, clientId, memberMetadata, memberAssignment }) => ({
      member: memberOf(clientId) ?? memberId,
      topics: memberMetadata.length > 0 ? topicsOf(memberMetadata) : [],
      partitions: assignedOf(memberAssignment),
    }),
  )
}

async function consumerMembers(cluster: Cluster, group: string): Promise<readonly DescribedMember[]> {
  const answer = await cluster.askCoordinator(
    group,
    requests.consumerGroupDescribe,
    [[group], false],
    ({ groups }) => groups[0]?.errorCode ?? broker.ok,
  )
  return (answer.groups[0]?.members ?? []).map(
    ({ memberId, clientId, subscribedTopicNames, assignment }) => ({
      member: memberOf(clientId) ?? memberId,
      topics: subscribedTopicNames,
      partitions: assignment.topicPartitions.flatMap(({ topicName, partitions }) =>
        partitions.map((partition) => ({ topic: topicName, partition })),
      ),
    }),
  )
}
