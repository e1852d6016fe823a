import type { DurabilityFinding, Probe } from '../log/index.ts'
import type { Cluster } from './cluster.ts'
import { requests } from './requests.ts'
import { describeTopics } from './topics.ts'

/** One setting of a topic, and when it keeps what all in-sync replicas have acknowledged. */
interface Rule {
  readonly setting: string
  readonly isSafe: (value: string) => boolean
  readonly advice: string
}

const replication: Rule = {
  setting: 'replication factor',
  isSafe: (value) => Number(value) >= 2,
  advice: 'One broker alone has the events, and loses them with its disk. Give the topic 3 replicas.',
}

const rules: readonly Rule[] = [
  {
    setting: 'min.insync.replicas',
    isSafe: (value) => Number(value) >= 2,
    advice: 'An event is acknowledged when one broker alone has it. Set 2, with 3 replicas.',
  },
  {
    setting: 'unclean.leader.election.enable',
    isSafe: (value) => value === 'false',
    advice: 'A replica that lacks acknowledged events may become the leader. Set false.',
  },
]

/** What a cluster tells of itself, and of these topics. Kafka's protocol tells no version, but the level of its metadata. */
export async function probeCluster(cluster: Cluster, names: readonly string[]): Promise<Probe> {
  const keys = rules.map(({ setting }) => setting)
  const [version, topics, configs] = await Promise.all([
    metadataVersion(cluster),
    names.length === 0 ? [] : cluster.patiently(() => cluster.refresh(names)),
    describeTopics(cluster, names, keys),
  ])
  const ofTopics = [
    ...grouped(replication, topics, ({ replicas }) => String(replicas)),
    ...rules.flatMap((rule) => grouped(rule, topics, ({ name }) => configs.get(name)?.get(rule.setting))),
  ]
  const acks = { setting: 'acks', value: 'all', topics: [], verdict: 'safe', advice: '' } as const
  return { version, durability: [acks, ...ofTopics] }
}

/** A finding for each value that is there, with the topics that have it. */
function grouped<Topic extends { readonly name: string }>(
  { setting, isSafe, advice }: Rule,
  topics: readonly Topic[],
  valueOf: (topic: Topic) => string | undefined,
): readonly DurabilityFinding[] {
  return [...Map.groupBy(topics, valueOf)].map(([value, having]) => {
    const found = { setting, topics: having.map(({ name }) => name) }
    if (value === undefined) {
      const denied = 'This user may not read it. Allow DescribeConfigs on the topic.'
      return { ...found, value: 'not readable', verdict: 'unknown', advice: denied }
    }
    return isSafe(value)
      ? { ...found, value, verdict: 'safe', advice: '' }
      : { ...found, value, verdict: 'weak', advice }
  })
}

async function metadataVersion(cluster: Cluster): Promise<string> {
  const { finalizedFeatures = [] } = await cluster.patiently(() =>
    cluster.ask('any', requests.apiVersions, ['tidings', '0']),
  )
  const level = finalizedFeatures.find(({ name }) => name === 'metadata.version')?.maxVersionLevel
  return level === undefined ? 'unknown' : `metadata.version ${level}`
}
