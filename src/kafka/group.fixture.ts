import { randomUUID } from 'node:crypto'
import { decodeEvent } from '../event/index.ts'
import type { StoredRecord, SubscribeRequest, Subscription } from '../log/index.ts'
import { partitionName } from '../log/index.ts'
import { sleep, systemClock } from '../kernel/index.ts'
import { brokerUrl } from './broker.fixture.ts'
import { type KafkaEngine, type KafkaOptions, kafka } from './kafka.ts'

/** An engine, and names of a test's own. */
export interface Ground extends AsyncDisposable {
  readonly engine: KafkaEngine
  readonly topic: string
  readonly group: string
}

export async function ground({
  partitions = 4,
  url = brokerUrl ?? '',
  ...options
}: KafkaOptions & { partitions?: number; url?: string } = {}): Promise<Ground> {
  const engine = await kafka(url, options)
  const name = `t-${randomUUID().slice(0, 8)}`
  const topic = `${name}.orders`
  await engine.admin.createTopic({
    name: topic,
    partitions,
    retention: { ageMs: undefined, bytes: undefined },
  })
  return { engine, topic, group: `${name}.billing`, [Symbol.asyncDispose]: () => engine.close() }
}

/** Publishes events with these ids, to one partition after the other. */
export async function publish(
  { engine, topic }: Ground,
  named: readonly string[],
  partitions = 4,
): Promise<void> {
  await engine.publish(
    named.map((id, index) => ({
      topic,
      partition: index % partitions,
      event: { specversion: '1.0', id, source: '/test', type: 'com.example.orders.placed', data: { id } },
      notBefore: undefined,
    })),
    { tx: undefined },
  )
}

export function ids(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => String(from + index))
}

/** A member that commits all it gets, and lets go of what others shall have. */
export class Member {
  readonly subscription: Subscription
  readonly records: StoredRecord[] = []
  ended: Error | 'closed' | undefined

  constructor(subscription: Subscription) {
    this.subscription = subscription
    this.#read().then(
      () => (this.ended = 'closed'),
      (error: Error) => (this.ended = error),
    )
  }

  get seen(): string[] {
    return this.records.map(({ encoded }) => decodeEvent(encoded).id)
  }

  get owned(): string[] {
    return this.subscription.assigned.map(({ topic, partition }) => partitionName(topic, partition))
  }

  async #read(): Promise<void> {
    const known = new Set<object>()
    for await (const { assignment, records } of this.subscription) {
      if (!known.has(assignment)) {
        known.add(assignment)
        const release = (): void => void this.subscription.release(assignment)
        if (assignment.leaving.aborted) release()
        else assignment.leaving.addEventListener('abort', release, { once: true })
      }
      this.records.push(...records)
      const last = records.at(-1)
      if (last !== undefined) {
        await this.subscription.commit([{ assignment, offset: last.offset + 1, state: '' }])
      }
    }
  }
}

export async function join(
  { engine, topic, group }: Ground,
  member: string,
  request: Partial<SubscribeRequest> = {},
): Promise<Member> {
  const subscription = await engine.subscribe({
    group,
    member,
    topics: [topic],
    start: 'start',
    rewind: 'allowed',
    sessionTimeoutMs: 6_000,
    heartbeatEveryMs: 500,
    blockedMs: 60_000,
    fetch: { maxRecords: 100, maxBytes: 1_000_000 },
    ...request,
  })
  return new Member(subscription)
}

/** Waits until it is so. @throws when it does not become so within a minute. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  patienceMs = 60_000,
): Promise<void> {
  for (const endMs = Date.now() + patienceMs; !(await isSo()); await sleep(systemClock, 20)) {
    if (Date.now() > endMs) throw new Error(`It did not come to this: ${what}.`)
  }
}
