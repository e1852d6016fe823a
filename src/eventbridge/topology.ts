import {
  DeleteRuleCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  type Rule,
} from '@aws-sdk/client-eventbridge'
import { limits, TidingsError } from '../kernel/index.ts'
import type { TopicSettings } from '../log/index.ts'
import type { Aws } from './aws.ts'
import { isAbsent } from './aws-errors.ts'
import {
  type GroupRule,
  groupRuleName,
  othersRuleName,
  patternOf,
  rulePrefix,
  ruleOf,
  type TopicRule,
  topicRuleName,
} from './rules.ts'

/** A group that reads a topic, and the rule that feeds its queue. */
export interface KnownGroup extends GroupRule {
  readonly arn: string
}

/**
 * Topics and groups: rules of the event bus, each of which says in its description what it is for. Every process finds them
 * there; of two changes of one rule at the same time the later one counts.
 */
export class Topology {
  readonly #aws: Aws
  #topics = new Map<string, TopicRule>()
  #groups = new Map<string, KnownGroup>()
  #readAtMs = Number.NEGATIVE_INFINITY
  /** Rules that this process has written: what was read meanwhile may not have the last of them. */
  #written = 0
  #reading: Promise<void> | undefined

  constructor(aws: Aws) {
    this.#aws = aws
  }

  /** Fulfils when this process knows the rules as they were at most so long ago. */
  async refresh(staleMs = 0): Promise<void> {
    if (this.#aws.clock.monotonic() - this.#readAtMs < staleMs) return
    // One that began before the call may have missed what was there then.
    if (staleMs === 0) await this.#reading
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined))
    await this.#reading
  }

  topic(name: string): TopicSettings | undefined {
    const rule = this.#topics.get(name)
    return rule && settingsOf(rule)
  }

  topics(): readonly TopicSettings[] {
    return [...this.#topics.values()].map(settingsOf)
  }

  groups(): readonly KnownGroup[] {
    return [...this.#groups.values()]
  }

  /** The topics that a group reads. */
  group(name: string): readonly KnownGroup[] {
    return this.groups().filter(({ group }) => group === name)
  }

  async createTopic({ name, partitions, retention }: TopicSettings): Promise<TopicSettings> {
    await this.refresh()
    const known = this.#topics.get(name)
    const { ageMs, bytes } = retention
    const rule: TopicRule = { topic: name, partitions: known?.partitions ?? partitions, ageMs, bytes }
    // Who may not write rules can still use what is there.
    if (known === undefined || known.ageMs !== ageMs || known.bytes !== bytes) {
      await this.#put(topicRuleName(name), rule, patternOf(name), false)
      this.#topics.set(name, rule)
    }
    return settingsOf(rule)
  }

  /** Writes the rule of a group, where it is not there as it shall be; returns it. */
  async putGroup(rule: GroupRule): Promise<KnownGroup> {
    const key = keyOf(rule)
    const known = this.#groups.get(key)
    if (known !== undefined && describe(known) === describe(rule)) return known
    const { group, topic } = rule
    const name = groupRuleName(group, topic)
    const arn = await this.#put(name, rule, patternOf(topic), rule.given !== true)
    const written = { ...rule, arn }
    this.#groups.set(key, written)
    return written
  }

  /** A rule of the group for what others put on the bus; returns its ARN. */
  putOthers({ group, topic }: GroupRule, pattern: string): Promise<string> {
    return this.#put(othersRuleName(group, topic), undefined, pattern, true)
  }

  /** Lets a rule feed a queue. */
  async feed(ruleName: string, queueArn: string, messageGroup: string | undefined): Promise<void> {
    const { events, bus } = this.#aws
    const place = { Rule: ruleName, EventBusName: bus }
    await this.#aws.ask(`Feeding the queue of rule ${ruleName}`, async () => {
      const { Targets = [] } = await events.send(new ListTargetsByRuleCommand(place))
      if (Targets.some(({ Arn }) => Arn === queueArn)) return
      const SqsParameters = messageGroup === undefined ? undefined : { MessageGroupId: messageGroup }
      const target = { Id: targetId, Arn: queueArn, ...(SqsParameters && { SqsParameters }) }
      const { FailedEntries = [] } = await events.send(new PutTargetsCommand({ ...place, Targets: [target] }))
      const [failed] = FailedEntries
      if (failed !== undefined)
        throw new TidingsError(
          'option_invalid',
          `Rule ${ruleName} cannot feed ${queueArn}: ${failed.ErrorCode} ${failed.ErrorMessage}. Look at both in AWS.`,
        )
    })
  }

  /** The queue that a rule feeds. */
  async queueOf({ group, topic }: GroupRule): Promise<string | undefined> {
    const place = { Rule: groupRuleName(group, topic), EventBusName: this.#aws.bus }
    return this.#aws.ask('Looking at a rule', async () => {
      const { Targets = [] } = await this.#aws.events.send(new ListTargetsByRuleCommand(place))
      return Targets[0]?.Arn
    })
  }

  /** Ends a group's registration for a topic. */
  async forget({ group, topic }: GroupRule): Promise<void> {
    for (const name of [groupRuleName(group, topic), othersRuleName(group, topic)]) await this.#delete(name)
    this.#groups.delete(keyOf({ group, topic }))
  }

  async #delete(name: string): Promise<void> {
    const { events, bus: EventBusName } = this.#aws
    await this.#aws.ask(`Deleting rule ${name}`, async () => {
      try {
        await events.send(new RemoveTargetsCommand({ Rule: name, EventBusName, Ids: [targetId] }))
        await events.send(new DeleteRuleCommand({ Name: name, EventBusName }))
      } catch (error) {
        if (!isAbsent(error)) throw error
      }
    })
  }

  async #put(
    name: string,
    rule: TopicRule | GroupRule | undefined,
    pattern: string,
    enabled: boolean,
  ): Promise<string> {
    const description = rule === undefined ? 'Made by tidings.' : describe(rule)
    if (description.length > limits.eventbridgeDescriptionLength)
      throw new TidingsError(
        'name_invalid',
        `The names of a topic and its group take ${description.length} characters in the description of a rule, which has room for ${limits.eventbridgeDescriptionLength}. Give shorter names.`,
      )
    const { RuleArn } = await this.#aws.ask(`Writing rule ${name}`, () =>
      this.#aws.events.send(
        new PutRuleCommand({
          Name: name,
          EventBusName: this.#aws.bus,
          EventPattern: pattern,
          State: enabled ? 'ENABLED' : 'DISABLED',
          Description: description,
        }),
      ),
    )
    this.#written += 1
    return RuleArn ?? ''
  }

  async #read(): Promise<void> {
    const { clock } = this.#aws
    let beganMs = clock.monotonic()
    let written = this.#written
    let rules = await this.#aws.ask('Reading the rules', () => this.#list())
    while (written !== this.#written) {
      written = this.#written
      beganMs = clock.monotonic()
      rules = await this.#aws.ask('Reading the rules', () => this.#list())
    }
    this.#topics = new Map()
    this.#groups = new Map()
    for (const { Description, Arn = '' } of rules) {
      const rule = ruleOf(Description)
      if (rule === undefined) continue
      if ('group' in rule) this.#groups.set(keyOf(rule), { ...rule, arn: Arn })
      else this.#topics.set(rule.topic, rule)
    }
    this.#readAtMs = beganMs
  }

  async #list(): Promise<readonly Rule[]> {
    const rules: Rule[] = []
    let NextToken: string | undefined
    do {
      const request = { NamePrefix: rulePrefix, EventBusName: this.#aws.bus, NextToken }
      const page = await this.#aws.events.send(new ListRulesCommand(request))
      rules.push(...(page.Rules ?? []))
      NextToken = page.NextToken
    } while (NextToken !== undefined)
    return rules
  }
}

/** There is one target to a rule. */
const targetId = 'tidings'

function keyOf({ group, topic }: Pick<GroupRule, 'group' | 'topic'>): string {
  return `${group}/${topic}`
}

/** What a rule says of itself, what is not set left out. */
function describe(rule: TopicRule | GroupRule): string {
  if (!('group' in rule)) return JSON.stringify(rule)
  const { group, topic, rewind, paused, run, given } = rule
  return JSON.stringify({ group, topic, rewind, paused, run, given })
}

function settingsOf({ topic, partitions, ageMs, bytes }: TopicRule): TopicSettings {
  return { name: topic, partitions, retention: { ageMs, bytes } }
}

export function topicMissing(topic: string, known: readonly string[]): TidingsError {
  const others = known.length === 0 ? 'There is none yet.' : `There are: ${known.join(', ')}.`
  return new TidingsError('topic_missing', `There is no topic "${topic}". ${others}`)
}
