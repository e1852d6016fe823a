import { createHash } from 'node:crypto'
import type { Rewind } from '../log/index.ts'

/** A topic as its rule keeps it: the rule is disabled and has no targets, it only says that the topic is there. */
export interface TopicRule {
  readonly topic: string
  readonly partitions: number
  readonly ageMs?: number | undefined
  readonly bytes?: number | undefined
}

/** A group that reads a topic, as the rule keeps it that feeds its queue. */
export interface GroupRule {
  readonly group: string
  readonly topic: string
  readonly rewind: Rewind
  /** What of it is paused: the whole group, or this topic. */
  readonly paused?: 'group' | 'topic' | undefined
  /** Part of what the inbox knows an event by. */
  readonly run?: number | undefined
  /** Somebody else feeds its queue: the rule is disabled. */
  readonly given?: true | undefined
}

/** Every rule that the engine makes begins so. */
export const rulePrefix = 'tidings-'

export function topicRuleName(topic: string): string {
  return shortened(`${rulePrefix}topic-${topic}`, [topic], ruleNameLength)
}

export function groupRuleName(group: string, topic: string): string {
  return shortened(`${rulePrefix}group-${group}-${topic}`, [group, topic], ruleNameLength)
}

/** The rule for what others put on the bus. */
export function othersRuleName(group: string, topic: string): string {
  return shortened(`${rulePrefix}others-${group}-${topic}`, [group, topic], ruleNameLength)
}

/** Whose queue it is. Queues are of the whole account: two buses in it have groups of one name. */
export interface QueueOwner {
  readonly bus: string
  readonly group: string
  readonly topic: string
}

export function queueNameOf({ bus, group, topic }: QueueOwner, fifo = false): string {
  const suffix = fifo ? '.fifo' : ''
  const plain = `${group}-${topic}`.replaceAll(/[^A-Za-z0-9_-]/g, '_')
  return shortened(plain, [bus, group, topic], queueNameLength - suffix.length) + suffix
}

/** Room for it is left in every name. */
export function deadLetterQueueNameOf(owner: QueueOwner): string {
  return queueNameOf(owner) + deadLetterSuffix
}

const deadLetterSuffix = '-dead'
const ruleNameLength = 64
const queueNameLength = 80

/** With a hash of what it is made of: two that look alike are still two. */
function shortened(readable: string, parts: readonly string[], most: number): string {
  const hash = createHash('sha256').update(parts.join('/')).digest('hex').slice(0, 10)
  return `${readable.slice(0, most - hash.length - 1 - deadLetterSuffix.length)}-${hash}`
}

/** What an event carries of its place, among the resources: rules match it, and whoever reads the queue finds it. */
export function resourceOf(topic: string, partition: number): string {
  return `${resourcePrefix}${topic}/${partition}`
}

const resourcePrefix = 'tidings:'

/** The place that {@link resourceOf} wrote. */
export function placeIn(
  resources: readonly string[],
): { readonly topic: string; readonly partition: number } | undefined {
  for (const resource of resources) {
    const [, topic, digits] = /^tidings:([^/]+)\/(\d{1,9})$/.exec(resource) ?? []
    if (topic !== undefined && digits !== undefined) return { topic, partition: Number(digits) }
  }
  return undefined
}

/** What a rule matches of a topic. */
export function patternOf(topic: string): string {
  return JSON.stringify({ resources: [{ prefix: `${resourcePrefix}${topic}/` }] })
}

/** What a rule says of itself in its description; undefined for one that is not of this engine. */
export function ruleOf(description: string | undefined): TopicRule | GroupRule | undefined {
  if (description === undefined || !description.startsWith('{')) return undefined
  try {
    const said: TopicRule | GroupRule = JSON.parse(description)
    const isOurs = typeof said.topic === 'string' && ('group' in said || 'partitions' in said)
    return isOurs ? said : undefined
  } catch {
    return undefined
  }
}
