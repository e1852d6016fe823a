import type { InboxStore } from '../inbox/index.ts'
import { type Duration, durationMs, groupDefaults, TidingsError } from '../kernel/index.ts'
import type { Capabilities, Start } from '../log/index.ts'
import { type Retry, type RetryPolicy, retryOf } from './retry.ts'

export interface GroupOptions<C extends Capabilities = Capabilities, Transact = never> {
  /** Where the group begins on partitions it has never committed. Default `'end'`: only what is published from now on. */
  readonly start?: Start<C> | undefined
  readonly retry?: RetryPolicy | undefined
  /** How long a handler may run before its signal aborts and the attempt has failed. Default 30 s. */
  readonly handlerTimeout?: Duration | undefined
  /** Handlers at work at the same time in this member, each for another key. Default 64. */
  readonly concurrency?: number | undefined
  /** How many events a partition runs ahead of its lowest unfinished one. Default 10,000. */
  readonly maxAhead?: number | undefined
  /** Makes effects in a database happen once, and gives handlers `transact`. */
  readonly inbox?: InboxStore<Transact> | undefined
  /** How long the inbox remembers what was handled. Default 7 days. */
  readonly inboxAge?: Duration | undefined
  /** What becomes of an event that is newer than this program and does not fit its newest version. Default `'wait'`: its key waits. */
  readonly afterNewer?: 'wait' | 'dead-letter' | undefined
  /** The version of events without a known `dataschema`, by type. Without one, such an event cannot be decoded. */
  readonly assumeVersion?: Readonly<Record<string, number>> | undefined
  /** How long `close` waits for handlers at work. Default 10 s. */
  readonly drain?: Duration | undefined
  /** A member that was not heard of for this long loses its partitions. Default 10 s. */
  readonly sessionTimeout?: Duration | undefined
  /** The member's id; by default made of host, process and a random part. */
  readonly member?: string | undefined
}

/** Options with every default in place. */
export interface GroupPolicy {
  readonly start: Start
  readonly retry: Retry
  readonly handlerTimeoutMs: number
  readonly concurrency: number
  readonly maxAhead: number
  readonly inboxAgeMs: number
  readonly afterNewer: 'wait' | 'dead-letter'
  readonly assumeVersion: Readonly<Record<string, number>>
  readonly drainMs: number
  readonly sessionTimeoutMs: number
  readonly heartbeatEveryMs: number
}

/** @throws `option_invalid`, `capability_missing` */
export function groupPolicy(
  options: GroupOptions<Capabilities, unknown>,
  capabilities: Capabilities,
): GroupPolicy {
  const start = options.start ?? 'end'
  checkStart(start, capabilities)
  const sessionTimeoutMs = durationMs(options.sessionTimeout ?? groupDefaults.sessionTimeoutMs)
  return {
    start,
    retry: retryOf(options.retry),
    handlerTimeoutMs: durationMs(options.handlerTimeout ?? groupDefaults.handlerTimeoutMs),
    concurrency: wholeNumber('concurrency', options.concurrency ?? groupDefaults.concurrency),
    maxAhead: wholeNumber('maxAhead', options.maxAhead ?? groupDefaults.maxAhead),
    inboxAgeMs: durationMs(options.inboxAge ?? groupDefaults.inboxAgeMs),
    afterNewer: options.afterNewer ?? 'wait',
    assumeVersion: options.assumeVersion ?? {},
    drainMs: durationMs(options.drain ?? groupDefaults.drainMs),
    sessionTimeoutMs,
    heartbeatEveryMs: Math.min(groupDefaults.heartbeatEveryMs, sessionTimeoutMs / 3),
  }
}

function checkStart(start: Start, { name, replay }: Capabilities): void {
  if (start === 'end') return
  const place = start === 'start' ? 'start' : 'time' in start ? 'time' : 'offset'
  if (replay[place]) return
  throw new TidingsError(
    'capability_missing',
    `${name} cannot replay from ${place === 'start' ? 'the start' : `a given ${place}`}. Use an engine with a log (sqlite, postgres, kafka), or start at 'end'.`,
  )
}

function wholeNumber(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new TidingsError('option_invalid', `${name} is ${value}. Give a whole number from 1.`)
}
