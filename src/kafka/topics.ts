import { limits, TidingsError } from '../kernel/index.ts'
import { type PartitionBounds, partitionName, type Retention, type TopicSettings } from '../log/index.ts'
import { broker, brokerError, isPassing } from './broker-errors.ts'
import type { Cluster, TopicMetadata } from './cluster.ts'
import { offsetsAt } from './offsets.ts'
import { requests } from './requests.ts'

const topicResource = 2 as const
const setConfig = 0 as const

export interface NewTopic {
  readonly name: string
  readonly partitions: number
  readonly configs: Readonly<Record<string, string>>
}

/** Creates topics; one that is there stays as it is. Fulfils when each has its leaders. */
export async function createTopics(cluster: Cluster, topics: readonly NewTopic[]): Promise<void> {
  // With a copy to spare, an acknowledged record is on two brokers, and one of three may be down.
  const safe = (cluster.replication ?? 1) < 3 ? {} : { 'min.insync.replicas': '2' }
  await cluster.patiently(async () => {
    const asked = topics.map(({ name, partitions, configs }) => ({
      name,
      numPartitions: partitions,
      replicationFactor: cluster.replication ?? -1,
      assignments: [],
      configs: Object.entries({ ...safe, ...configs }).map(([key, value]) => ({ name: key, value })),
    }))
    const answer = await cluster.ask('any', requests.createTopics, [
      asked,
      limits.kafkaRequestTimeoutMs,
      false,
    ])
    for (const { name, errorCode, errorMessage } of answer.topics) {
      if (errorCode === broker.ok || errorCode === broker.topicExists) continue
      if (isPassing(errorCode)) throw brokerError(errorCode, `Creating topic "${name}"`)
      throw new TidingsError(
        errorCode === broker.topicDenied || errorCode === broker.clusterDenied
          ? 'access_denied'
          : 'option_invalid',
        `Kafka does not create topic "${name}": ${errorMessage ?? `error ${errorCode}`} Change its settings, or create it by other means.`,
      )
    }
  })
  // A broker may not know yet what the controller has created.
  await cluster.patiently(async () => {
    const found = await cluster.refresh(topics.map(({ name }) => name))
    if (found.length === topics.length && found.every(({ leaders }) => !leaders.includes(-1))) return
    throw new TidingsError(
      'engine_unreachable',
      'Kafka has created the topics, and their leaders are not there yet.',
    )
  })
}

/** What a topic of ours is created with. Kafka's limit in bytes is of each partition. */
export function eventTopicConfigs({
  partitions,
  retention,
}: TopicSettings): Readonly<Record<string, string>> {
  return {
    ...retentionConfigs(retention, partitions),
    'cleanup.policy': 'delete',
    'message.timestamp.type': 'LogAppendTime',
    'max.message.bytes': String(limits.eventBytes + limits.kafkaOverheadBytes),
  }
}

export function retentionConfigs(
  { ageMs, bytes }: Retention,
  partitions: number,
): Readonly<Record<string, string>> {
  const share = bytes === undefined ? -1 : Math.ceil(bytes / partitions)
  return { 'retention.ms': String(ageMs ?? -1), 'retention.bytes': String(share) }
}

export async function alterTopic(
  cluster: Cluster,
  name: string,
  configs: Readonly<Record<string, string>>,
): Promise<void> {
  const changes = Object.entries(configs).map(([key, value]) => ({
    name: key,
    configOperation: setConfig,
    value,
  }))
  await cluster.patiently(async () => {
    const resources = [{ resourceType: topicResource, resourceName: name, configs: changes }]
    const answer = await cluster.ask('any', requests.alterConfigs, [resources, false])
    const code = answer.responses[0]?.errorCode ?? broker.ok
    if (code !== broker.ok) throw brokerError(code, `Changing the retention of topic "${name}"`)
  })
}

/** Settings of topics, by name, as far as they were asked for. */
export async function describeTopics(
  cluster: Cluster,
  names: readonly string[],
  keys: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  if (names.length === 0) return new Map()
  const answer = await cluster.patiently(() =>
    cluster.ask('any', requests.describeConfigs, [
      names.map((name) => ({
        resourceType: topicResource,
        resourceName: name,
        configurationKeys: [...keys],
      })),
      false,
      false,
    ]),
  )
  return new Map(
    answer.results
      .filter(({ errorCode }) => errorCode === broker.ok)
      .map(({ resourceName, configs }) => [
        resourceName,
        new Map(configs.map(({ name, value }) => [name, value ?? ''])),
      ]),
  )
}

/** By partition name, what each leader's files hold. */
export async function partitionBytes(cluster: Cluster): Promise<ReadonlyMap<string, number>> {
  const bytes = new Map<string, number>()
  const answers = await Promise.all(
    cluster.nodes.map((node) =>
      cluster.patiently(() => cluster.ask({ node }, requests.describeLogDirs, [null])).catch(() => undefined),
    ),
  )
  for (const { topics } of answers.flatMap((answer) => answer?.results ?? [])) {
    for (const { name, partitions } of topics) {
      for (const { partitionIndex, partitionSize } of partitions) {
        const key = partitionName(name, partitionIndex)
        bytes.set(key, Math.max(bytes.get(key) ?? 0, Number(partitionSize)))
      }
    }
  }
  return bytes
}

/** The bounds of every partition of topics. */
export async function boundsOf(
  cluster: Cluster,
  topics: readonly TopicMetadata[],
): Promise<readonly PartitionBounds[]> {
  const places = topics.flatMap(({ name, leaders }) =>
    leaders.map((_, partition) => ({ topic: name, partition })),
  )
  const [begins, ends, bytes] = await Promise.all([
    offsetsAt(
      cluster,
      places.map((place) => ({ ...place, at: 'start' as const })),
    ),
    offsetsAt(
      cluster,
      places.map((place) => ({ ...place, at: 'end' as const })),
    ),
    partitionBytes(cluster),
  ])
  return places.map(({ topic, partition }, index) => ({
    topic,
    partition,
    begin: begins[index] ?? 0,
    end: ends[index] ?? 0,
    bytes: bytes.get(partitionName(topic, partition)) ?? 0,
  }))
}
