import {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterList,
  type DeadLetterPlace,
  type DeadLetterStore,
} from '../dead-letter/index.ts'
import { limits, type TidingsError } from '../kernel/index.ts'
import { capabilityMissing, type Fence } from '../log/index.ts'
import type { Aws } from './aws.ts'
import { MessageQueue } from './message-queue.ts'
import { countIn, createQueue, findQueue } from './queues.ts'
import { deadLetterQueueNameOf } from './rules.ts'

/**
 * Dead letters in SQS, a queue beside each queue of a group, for want of a store. Each is the event with its reason, and
 * stays for 14 days. A queue cannot be looked through: whoever lists, redrives or discards them does so in AWS.
 */
export class DeadLetterQueues implements DeadLetterStore {
  readonly #aws: Aws
  readonly #groups: () => readonly { readonly group: string; readonly topic: string }[]
  readonly #queues = new Map<string, Promise<MessageQueue>>()

  /** @param groups who reads what. */
  constructor(aws: Aws, groups: () => readonly { readonly group: string; readonly topic: string }[]) {
    this.#aws = aws
    this.#groups = groups
  }

  async put({ group, topic }: Fence, entries: readonly DeadLetter[]): Promise<void> {
    const queue = await this.#queue(deadLetterQueueNameOf({ bus: this.#aws.bus, group, topic }))
    for (const entry of entries) await queue.send(bodyOf(entry), attributesOf(entry))
  }

  /** Nothing that was put here is delivered again by itself. */
  async resolve(): Promise<void> {}

  async open(): Promise<readonly DeadLetterPlace[]> {
    return []
  }

  async request(): Promise<readonly string[]> {
    throw unreadable()
  }

  async discard(): Promise<boolean> {
    throw unreadable()
  }

  async get(): Promise<DeadLetter | undefined> {
    throw unreadable()
  }

  async list(): Promise<DeadLetterList> {
    throw unreadable()
  }

  /** About as many as SQS says are there. */
  async count({ group, groupPrefix = '', topic, states }: DeadLetterFilter = {}): Promise<number> {
    if (states?.includes('dead') === false) return 0
    const wanted = this.#groups().filter(
      (each) =>
        (group === undefined || each.group === group) &&
        each.group.startsWith(groupPrefix) &&
        (topic === undefined || each.topic === topic),
    )
    const counts = wanted.map(async (each) => {
      const found = await findQueue(this.#aws, deadLetterQueueNameOf({ ...each, bus: this.#aws.bus }))
      return found === undefined ? 0 : countIn(this.#aws, found.url)
    })
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
  }

  watch(): () => void {
    return () => undefined
  }

  async close(): Promise<void> {}

  #queue(name: string): Promise<MessageQueue> {
    const open = async (): Promise<MessageQueue> => {
      const settings = { name, fifo: false, retentionMs: limits.sqsRetentionMs, ruleArns: [] }
      const { url } = (await findQueue(this.#aws, name)) ?? (await createQueue(this.#aws, settings))
      return new MessageQueue(this.#aws, url)
    }
    const queue = this.#queues.get(name) ?? open()
    this.#queues.set(name, queue)
    queue.catch(() => this.#queues.delete(name))
    return queue
  }
}

/** The event of a dead letter as a message: what cannot be read as it was. */
export function bodyOf({ encoded }: DeadLetter): string {
  if (typeof encoded === 'string') return encoded
  return Buffer.from(encoded.body ?? []).toString() || ' '
}

/** What SQS shows beside an event; at most ten. */
function attributesOf(letter: DeadLetter): Readonly<Record<string, string>> {
  const { id, group, topic, partition, reason, message, attempts, failedAt } = letter
  return {
    'tidings-id': id,
    'tidings-group': group,
    'tidings-topic': topic,
    'tidings-partition': String(partition),
    'tidings-reason': reason,
    'tidings-message': printable(message),
    'tidings-attempts': String(attempts),
    'tidings-failed-at': new Date(failedAt).toISOString(),
  }
}

/** What SQS takes: no control characters but tab and line ends. */
function printable(text: string): string {
  const clean = text.toWellFormed().replaceAll(/[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '?')
  return clean.slice(0, limits.sqsReasonLength) || '?'
}

function unreadable(): TidingsError {
  return capabilityMissing(
    'eventbridge',
    'a store of dead letters',
    "they are in SQS queues unless it is given one, and those cannot be looked through here. Look at the group's queue that ends with -dead in AWS, or open the engine with deadLetters, in the URL ?deadLetters=sqlite:FILE.",
  )
}
