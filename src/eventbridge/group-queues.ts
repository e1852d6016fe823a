import { limits, TidingsError } from '../kernel/index.ts'
import type { Rewind, TopicSettings } from '../log/index.ts'
import type { Aws } from './aws.ts'
import {
  countIn,
  createQueue,
  deleteQueue,
  findQueue,
  type FoundQueue,
  givenQueue,
  purgeQueue,
  queueOfArn,
} from './queues.ts'
import { type GroupRule, groupRuleName, othersRuleName, queueNameOf } from './rules.ts'
import type { KnownGroup, Topology } from './topology.ts'

/** The queue of a group for one topic. */
export interface QueueOptions {
  /** One that is there, and fed by rules of yours; by default it is made, with a rule that feeds it. */
  readonly url?: string | undefined
  /** Whether the one that is made is a FIFO queue, which gives ten events at a time and no order either. Default false. */
  readonly fifo?: boolean | undefined
}

/** Of groups by name and their topics. */
export type QueuesByGroup = Readonly<Record<string, Readonly<Record<string, QueueOptions>>>>

/** What a rule of EventBridge matches, as `EventPattern` has it. */
export type EventPattern = Readonly<Record<string, unknown>>

export interface GroupQueuesOptions {
  readonly aws: Aws
  readonly topology: Topology
  readonly queues: QueuesByGroup
  /** By topic, what others put on the bus that belongs to it. */
  readonly events: Readonly<Record<string, EventPattern>>
}

/** The queues of groups, one for each topic they read, and the rules that feed them. */
export class GroupQueues {
  readonly #options: GroupQueuesOptions
  /** URLs of queues by group and topic: they never change. */
  readonly #urls = new Map<string, string>()

  constructor(options: GroupQueuesOptions) {
    this.#options = options
  }

  /** Sees to it that a group gets what is published to a topic from now on; returns the URL of its queue. */
  async prepare(group: string, topic: TopicSettings, rewind: Rewind): Promise<string> {
    const { topology, events } = this.#options
    const { url, fifo = false } = this.#optionsOf(group, topic.name)
    const known = topology.group(group)
    const before = known.find((rule) => rule.topic === topic.name)
    const paused = before?.paused ?? (known.some((rule) => rule.paused === 'group') ? 'group' : undefined)
    const given = url === undefined ? {} : { given: true as const }
    const rule = await topology.putGroup({
      group,
      topic: topic.name,
      rewind,
      paused,
      run: before?.run,
      ...given,
    })
    const pattern = Object.hasOwn(events, topic.name) ? events[topic.name] : undefined
    const others = pattern && (await topology.putOthers(rule, JSON.stringify(pattern)))
    const arns = others === undefined ? [rule.arn] : [rule.arn, others]
    const queue = await this.#queue(url, rule, topic, fifo, arns)
    const messageGroup = queue.url.endsWith('.fifo') ? topic.name : undefined
    await topology.feed(groupRuleName(group, topic.name), queue.arn, messageGroup)
    if (others !== undefined) await topology.feed(othersRuleName(group, topic.name), queue.arn, messageGroup)
    return queue.url
  }

  /** Undefined when somebody has deleted it. */
  async find(rule: KnownGroup): Promise<FoundQueue | undefined> {
    const arn = await this.#options.topology.queueOf(rule)
    return arn === undefined ? undefined : queueOfArn(this.#options.aws, arn)
  }

  async count(rule: KnownGroup): Promise<number> {
    const url = await this.#urlOf(rule)
    return url === undefined ? 0 : countIn(this.#options.aws, url)
  }

  async empty(rule: KnownGroup): Promise<void> {
    const url = await this.#urlOf(rule)
    if (url !== undefined) await purgeQueue(this.#options.aws, url)
  }

  remove({ url }: FoundQueue): Promise<void> {
    for (const [key, known] of this.#urls) if (known === url) this.#urls.delete(key)
    return deleteQueue(this.#options.aws, url)
  }

  /** Where a dead letter is sent that shall be delivered again. @throws `group_missing` */
  async urlOf(group: string, topic: string): Promise<string> {
    const { topology } = this.#options
    const look = (): KnownGroup | undefined => topology.group(group).find((rule) => rule.topic === topic)
    if (look() === undefined) await topology.refresh()
    const rule = look()
    const url = rule && (await this.#urlOf(rule))
    if (url !== undefined) return url
    throw new TidingsError(
      'group_missing',
      `Group "${group}" has no queue for topic "${topic}" any more: nothing can be delivered to it.`,
    )
  }

  #optionsOf(group: string, topic: string): QueueOptions {
    const { queues } = this.#options
    const ofGroup = Object.hasOwn(queues, group) ? queues[group] : undefined
    return ofGroup !== undefined && Object.hasOwn(ofGroup, topic) ? (ofGroup[topic] ?? {}) : {}
  }

  async #queue(
    url: string | undefined,
    rule: GroupRule,
    topic: TopicSettings,
    fifo: boolean,
    ruleArns: readonly string[],
  ): Promise<FoundQueue> {
    const { aws } = this.#options
    if (url !== undefined) return givenQueue(aws, url)
    const name = queueNameOf({ ...rule, bus: aws.bus }, fifo)
    const { ageMs } = topic.retention
    return (await findQueue(aws, name)) ?? createQueue(aws, { name, fifo, retentionMs: ageMs, ruleArns })
  }

  async #urlOf(rule: KnownGroup): Promise<string | undefined> {
    const key = `${rule.group}/${rule.topic}`
    const known = this.#urls.get(key)
    if (known !== undefined) return known
    const url = (await this.find(rule))?.url
    if (url === undefined) return undefined
    if (this.#urls.size >= limits.publishBatch) this.#urls.clear()
    this.#urls.set(key, url)
    return url
  }
}
