import { limits, Listeners, TidingsError } from '../kernel/index.ts'
import {
  capabilityMissing,
  type GroupInfo,
  type GroupPart,
  groupMissing,
  type PartitionBounds,
  type PartitionLag,
  placeName,
  type SeekOptions,
  type Start,
  type TopicSettings,
  type TransportAdmin,
  withPaused,
  withResumed,
} from '../log/index.ts'
import type { GroupQueues } from './group-queues.ts'
import type { GroupRule } from './rules.ts'
import { type KnownGroup, type Topology, topicMissing } from './topology.ts'

export interface AdminOptions {
  readonly topology: Topology
  readonly queues: GroupQueues
  readonly now: () => number
  /** Members of this process; SQS does not tell of others. */
  readonly membersOf: (group: string) => GroupInfo['members']
  /** What the rules say has changed. */
  readonly changed: () => void
}

/** The admin port over rules and queues: who reads what is in the rules, and nothing can be read again. */
export class EventbridgeAdmin implements TransportAdmin {
  readonly #options: AdminOptions
  readonly #watchers = new Listeners()

  constructor(options: AdminOptions) {
    this.#options = options
  }

  async topics(): ReturnType<TransportAdmin['topics']> {
    await this.#view()
    return this.#options.topology.topics().map((topic) => ({ ...topic, bounds: boundsOf(topic) }))
  }

  createTopic(topic: TopicSettings): Promise<TopicSettings> {
    return this.#options.topology.createTopic(topic)
  }

  async groups(): Promise<readonly GroupInfo[]> {
    await this.#view()
    const { topology } = this.#options
    return [...new Set(topology.groups().map(({ group }) => group))].map((group) => this.#infoOf(group))
  }

  async lag(group?: string): Promise<readonly PartitionLag[]> {
    await this.#view()
    const rules = group === undefined ? this.#options.topology.groups() : this.#rulesOf(group)
    return (await Promise.all(rules.map((rule) => this.#lagOf(rule)))).flat()
  }

  async seek(group: string, topic: string, to: Start, options: SeekOptions = {}): Promise<void> {
    if (to !== 'end') throw noPlace(placeName(to))
    if (options.partition !== undefined) throw onePartition('move')
    const { topology, queues, now } = this.#options
    await topology.refresh()
    const rule = this.#rulesOf(group).find((each) => each.topic === topic)
    if (rule === undefined) throw topicMissing(topic, this.#topicsOf(group))
    this.#checkNobodyIn(group, 'seek')
    // Greater than any before, also of an earlier group of the name.
    if (options.again === true) await topology.putGroup({ ...rule, run: Math.floor(now()) })
    await queues.empty(rule)
  }

  pause(group: string, part: GroupPart = {}): Promise<void> {
    return this.#changePaused(group, part, 'pause', (paused) => withPaused(paused, part))
  }

  resume(group: string, part: GroupPart = {}): Promise<void> {
    return this.#changePaused(group, part, 'resume', (paused) =>
      withResumed(
        paused,
        part,
        this.#options.topology.topics().filter(({ name }) => this.#topicsOf(group).includes(name)),
      ),
    )
  }

  async forget(group: string): Promise<void> {
    const { topology, queues } = this.#options
    await topology.refresh()
    const rules = this.#rulesOf(group)
    this.#checkNobodyIn(group, 'forget')
    for (const rule of rules) {
      // Nothing may come into a queue that is gone.
      const queue = await queues.find(rule)
      await topology.forget(rule)
      if (queue !== undefined && rule.given !== true) await queues.remove(queue)
    }
  }

  read(): Promise<never> {
    return Promise.reject(noPlace('offset'))
  }

  async offsetOf(topic: string, partition: number, place: Start): Promise<number> {
    if (place !== 'end') throw noPlace(placeName(place))
    await this.#view()
    this.#checkTopic(topic, partition)
    return 0
  }

  truncate(): Promise<never> {
    return Promise.reject(noPlace('offset'))
  }

  /** Tells of what this process has published. */
  watch(changed: () => void): () => void {
    return this.#watchers.add(changed)
  }

  published(): void {
    this.#watchers.tell()
  }

  close(): void {
    this.#watchers.clear()
  }

  #view(): Promise<void> {
    return this.#options.topology.refresh(limits.eventbridgeViewMs)
  }

  #rulesOf(group: string): readonly KnownGroup[] {
    const { topology } = this.#options
    const rules = topology.group(group)
    if (rules.length > 0) return rules
    throw groupMissing(group, [...new Set(topology.groups().map((rule) => rule.group))])
  }

  #topicsOf(group: string): readonly string[] {
    return this.#options.topology.group(group).map(({ topic }) => topic)
  }

  #infoOf(group: string): GroupInfo {
    const rules = this.#rulesOf(group)
    const rewind = rules.some((rule) => rule.rewind === 'refused') ? 'refused' : 'allowed'
    const topics = this.#topicsOf(group).toSorted()
    return { group, topics, members: this.#options.membersOf(group), paused: pausedIn(rules), rewind }
  }

  async #changePaused(
    group: string,
    part: GroupPart,
    verb: 'pause' | 'resume',
    change: (paused: readonly GroupPart[]) => readonly GroupPart[],
  ): Promise<void> {
    const { topology, changed } = this.#options
    await topology.refresh()
    const rules = this.#rulesOf(group)
    const { topic, partition } = part
    if (topic === undefined && partition !== undefined)
      throw new TidingsError('option_invalid', `Partition ${partition} is of one topic: name it, too.`)
    if (topic !== undefined) this.#checkTopic(topic, partition ?? 0)
    if (partition !== undefined) throw onePartition(verb)
    const paused = change(pausedIn(rules))
    for (const rule of rules) await topology.putGroup({ ...rule, paused: pausedOf(rule, paused) })
    changed()
  }

  /** @throws `topic_missing`, `partition_missing` */
  #checkTopic(name: string, partition: number): void {
    const { topology } = this.#options
    const topic = topology.topic(name)
    if (topic === undefined)
      throw topicMissing(
        name,
        topology.topics().map((each) => each.name),
      )
    if (partition >= topic.partitions)
      throw new TidingsError('partition_missing', `Topic "${name}" has no partition ${partition}.`)
  }

  #checkNobodyIn(group: string, verb: string): void {
    const { length } = this.#options.membersOf(group)
    if (length === 0) return
    throw new TidingsError(
      'fenced',
      `Group "${group}" has ${length} living member(s) in this process. Stop them and those of others, then ${verb} again.`,
    )
  }

  /** The queue counts what is in all partitions together: it stands at the first. */
  async #lagOf(rule: KnownGroup): Promise<readonly PartitionLag[]> {
    const { topology, queues } = this.#options
    const { group, topic } = rule
    const count = await queues.count(rule)
    return boundsOf(topology.topic(topic)).map(({ partition }) => {
      const lag = partition === 0 ? count : 0
      return { group, topic, partition, committed: 0, end: lag, lag, lagMs: 0, resetRequired: false }
    })
  }
}

/** Nothing can be read again: what is kept begins where it ends. */
function boundsOf(topic: TopicSettings | undefined): readonly PartitionBounds[] {
  if (topic === undefined) return []
  const place = { topic: topic.name, begin: 0, end: 0, bytes: 0 }
  return Array.from({ length: topic.partitions }, (_, partition) => ({ ...place, partition }))
}

function pausedIn(rules: readonly GroupRule[]): readonly GroupPart[] {
  if (rules.some(({ paused }) => paused === 'group')) return [{}]
  return rules.flatMap(({ topic, paused }) => (paused === 'topic' ? [{ topic }] : []))
}

function pausedOf({ topic }: GroupRule, paused: readonly GroupPart[]): GroupRule['paused'] {
  if (paused.some((part) => part.topic === undefined)) return 'group'
  return paused.some((part) => part.topic === topic) ? 'topic' : undefined
}

/** @param place as in `Capabilities.replay`. */
function noPlace(place: string): TidingsError {
  return capabilityMissing(
    'eventbridge',
    `replay from ${place}`,
    "what a group has handled is gone. Use an engine with a log (sqlite, postgres, kafka), or 'end'.",
  )
}

function onePartition(verb: string): TidingsError {
  return capabilityMissing(
    'eventbridge',
    'partitions of a group',
    `its queue holds all of a topic, so that one cannot be told to ${verb}. Name the topic.`,
  )
}
