import type { Clock, Timer } from '../kernel/index.ts'
import { MemoryLogStore } from '../memory/log-store.ts'
import { settle, VirtualClock } from '../testing/index.ts'
import type { LogStore } from './log-store.ts'
import { LogSubscription } from './log-subscription.ts'
import { partitionName } from './partitioner.ts'
import type { Assignment, SubscribeRequest } from './transport.ts'

export const sessionTimeoutMs = 10_000
export const heartbeatEveryMs = 3_000

export const memberRequest = {
  group: 'billing',
  topics: ['orders'],
  start: 'start',
  rewind: 'allowed',
  sessionTimeoutMs,
  heartbeatEveryMs,
  blockedMs: 60_000,
  fetch: { maxRecords: 10, maxBytes: 1_000_000 },
} as const

/** A member that commits what it reads, and lets go of a partition when another shall have it. */
export interface MemberUnderTest {
  readonly subscription: LogSubscription
  /** `topic/partition offset`, in the order they came. */
  readonly seen: string[]
  /** Every assignment it was ever told of. */
  readonly announced: Assignment[]
  /** Names of the partitions it has now. */
  owned(): string[]
  assignment(name: string): Assignment
  /** How the iteration ended; undefined while it goes on. */
  ended: 'closed' | Error | undefined
}

export interface MemberOptions extends Partial<SubscribeRequest> {
  readonly store?: LogStore
  readonly clock?: Clock
  /** False: a partition that is wanted is kept until the test releases it. */
  readonly releases?: boolean
}

/** The clock of a process that is stopped, as by SIGSTOP, and woken: time goes on meanwhile, its timers do not fire. */
export class StoppableClock implements Clock {
  readonly #clock: VirtualClock
  #stopped = false
  #late: (() => void)[] = []

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  monotonic(): number {
    return this.#clock.monotonic()
  }

  schedule(delayMs: number, callback: () => void): Timer {
    let cancelled = false
    const fire = (): void => {
      if (this.#stopped) this.#late.push(fire)
      else if (!cancelled) callback()
    }
    const timer = this.#clock.schedule(delayMs, fire)
    return {
      cancel() {
        cancelled = true
        timer.cancel()
      },
    }
  }

  defer(callback: () => void): void {
    this.#clock.defer(callback)
  }

  stop(): void {
    this.#stopped = true
  }

  /** Timers that were due meanwhile fire in the next turn of the event loop. */
  wake(): void {
    this.#stopped = false
    for (const fire of this.#late.splice(0)) this.#clock.defer(fire)
  }
}

export interface LogFixture {
  readonly clock: VirtualClock
  readonly store: MemoryLogStore
  append(topic: string, partition: number, count?: number): Promise<void>
  join(member: string, options?: MemberOptions): Promise<MemberUnderTest>
  committed(topic: string, partition: number): Promise<number | undefined>
}

export async function openLog(topics: Readonly<Record<string, number>> = { orders: 4 }): Promise<LogFixture> {
  const clock = new VirtualClock()
  const store = new MemoryLogStore(clock)
  for (const [name, partitions] of Object.entries(topics)) {
    await store.createTopic({ name, partitions, retention: { ageMs: undefined, bytes: undefined } })
  }
  return {
    clock,
    store,
    async append(topic, partition, count = 1) {
      const records = Array.from({ length: count }, () => ({
        topic,
        partition,
        body: '{}',
        notBefore: undefined,
      }))
      await store.append(records, { tx: undefined })
      await settle()
    },
    join: async (member, options = {}) => {
      const joined = await join(options.store ?? store, options.clock ?? clock, member, options)
      await settle()
      return joined
    },
    committed: async (topic, partition) =>
      (await store.commits('billing')).find((each) => each.topic === topic && each.partition === partition)
        ?.offset,
  }
}

async function join(
  store: LogStore,
  clock: Clock,
  member: string,
  { releases = true, ...request }: MemberOptions,
): Promise<MemberUnderTest> {
  const subscription = await LogSubscription.join(store, { ...memberRequest, member, ...request }, clock)
  const joined: MemberUnderTest = {
    subscription,
    seen: [],
    announced: [],
    owned: () => subscription.assigned.map(nameOf).toSorted(),
    assignment(name) {
      const found = subscription.assigned.find((each) => nameOf(each) === name)
      if (found === undefined) throw new Error(`${member} does not own ${name}`)
      return found
    },
    ended: undefined,
  }
  read(joined, releases).then(
    () => (joined.ended = 'closed'),
    (error: Error) => (joined.ended = error),
  )
  return joined
}

async function read({ subscription, seen, announced }: MemberUnderTest, releases: boolean): Promise<void> {
  for await (const { assignment, records } of subscription) {
    if (!announced.includes(assignment)) {
      announced.push(assignment)
      const letGo = (): void => void subscription.release(assignment)
      if (releases && assignment.leaving.aborted) letGo()
      else if (releases) assignment.leaving.addEventListener('abort', letGo)
    }
    for (const { offset } of records) seen.push(`${nameOf(assignment)} ${offset}`)
    const last = records.at(-1)
    if (last !== undefined) await subscription.commit([{ assignment, offset: last.offset + 1, state: '' }])
  }
}

function nameOf({ topic, partition }: Assignment): string {
  return partitionName(topic, partition)
}
