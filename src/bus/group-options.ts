import type { InboxStore } from '../inbox/index.ts'
import {
  checkOptionNames,
  type Duration,
  durationMs,
  durationText,
  groupDefaults,
  isThenable,
  shown,
  TidingsError,
} from '../kernel/index.ts'
import { type Capabilities, capabilityMissing, type Needs, type Rewind, type Start } from '../log/index.ts'
import { longestScheduleMs, type Retry, type RetryPolicy, retryOf } from './retry.ts'

export interface GroupOptions<C extends Capabilities = Capabilities, Transact = never> {
  /** Where the group begins on partitions it has never committed. Default `'end'`: only what is published from now on. */
  readonly start?: 'end' | Exclude<Start<C>, 'end'> | undefined
  /**
   * Whether `seek` may move the group back, so that events are delivered to it again. `'refused'`: only with force, for
   * handlers that send mails or charge cards · `'allowed'`: for projections and the like. Default `'refused'`.
   */
  readonly rewind?: Rewind | undefined
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
  /**
   * Whether later events of a key wait behind its dead letter. `'continue'`: they are handled · `'hold'`: they are parked
   * in order, until the dead letter is redriven and handled, or discarded. Default `'continue'`.
   */
  readonly afterDeadLetter?: 'continue' | Needs<C, 'hold', false, 'hold'> | undefined
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
  readonly rewind: Rewind
  readonly retry: Retry
  readonly handlerTimeoutMs: number
  readonly concurrency: number
  readonly maxAhead: number
  readonly inboxAgeMs: number
  readonly afterDeadLetter: 'continue' | 'hold'
  readonly afterNewer: 'wait' | 'dead-letter'
  readonly assumeVersion: Readonly<Record<string, number>>
  readonly drainMs: number
  readonly sessionTimeoutMs: number
  readonly heartbeatEveryMs: number
}

const optionNames = {
  start: true,
  rewind: true,
  retry: true,
  handlerTimeout: true,
  concurrency: true,
  maxAhead: true,
  inbox: true,
  inboxAge: true,
  afterDeadLetter: true,
  afterNewer: true,
  assumeVersion: true,
  drain: true,
  sessionTimeout: true,
  member: true,
} as const satisfies Record<keyof GroupOptions, true>

/** @throws `option_invalid`, `capability_missing` */
export function groupPolicy(
  options: GroupOptions<Capabilities, unknown>,
  capabilities: Capabilities,
): GroupPolicy {
  checkOptionNames('group()', options, optionNames)
  const { start = 'end', rewind = 'refused', afterNewer = 'wait', afterDeadLetter = 'continue' } = options
  checkStart(start, capabilities)
  checkInbox(options.inbox)
  if (rewind !== 'allowed' && rewind !== 'refused') throw wrong('rewind', rewind, "'allowed' or 'refused'")
  if (afterNewer !== 'wait' && afterNewer !== 'dead-letter')
    throw wrong('afterNewer', afterNewer, "'wait' or 'dead-letter'")
  checkAfterDeadLetter(afterDeadLetter, capabilities)
  const sessionTimeoutMs = durationMs(options.sessionTimeout ?? groupDefaults.sessionTimeoutMs)
  const retry = retryOf(options.retry, (warning) => process.emitWarning(warning))
  const handlerTimeoutMs = durationMs(options.handlerTimeout ?? groupDefaults.handlerTimeoutMs)
  checkSchedule(retry, handlerTimeoutMs, capabilities)
  return {
    start,
    rewind,
    retry,
    handlerTimeoutMs,
    concurrency: wholeNumber('concurrency', options.concurrency ?? groupDefaults.concurrency),
    maxAhead: wholeNumber('maxAhead', options.maxAhead ?? groupDefaults.maxAhead),
    afterDeadLetter,
    inboxAgeMs: durationMs(options.inboxAge ?? groupDefaults.inboxAgeMs),
    afterNewer,
    assumeVersion: assumedVersions(options.assumeVersion ?? {}),
    drainMs: durationMs(options.drain ?? groupDefaults.drainMs),
    sessionTimeoutMs,
    heartbeatEveryMs: Math.min(groupDefaults.heartbeatEveryMs, sessionTimeoutMs / 3),
  }
}

/** An engine that wants an event back after some time would deliver it once more while it is still retried. */
function checkSchedule(retry: Retry, handlerTimeoutMs: number, { name, handleWithinMs }: Capabilities): void {
  if (handleWithinMs === undefined) return
  const longestMs = longestScheduleMs(retry, handlerTimeoutMs)
  if (longestMs < handleWithinMs) return
  throw new TidingsError(
    'option_invalid',
    `The attempts of an event and the waits between them may take ${durationText(longestMs)}, and ${name} wants it acknowledged within ${durationText(handleWithinMs)}. Give fewer attempts, a shorter backoff or a shorter handlerTimeout; or raise the time of the engine.`,
  )
}

function checkAfterDeadLetter(value: unknown, { name, hold }: Capabilities): void {
  if (value !== 'continue' && value !== 'hold') throw wrong('afterDeadLetter', value, "'continue' or 'hold'")
  if (value === 'continue' || hold) return
  throw capabilityMissing(
    name,
    'hold',
    "no key waits behind its dead letter. Use an engine that declares it (sqlite, postgres, kafka), or afterDeadLetter: 'continue'.",
  )
}

function checkStart(start: Start, { name, replay }: Capabilities): void {
  if (start === 'end') return
  const place = placeOf(start)
  if (place === undefined) throw wrong('start', start, "'start', 'end', { time } or { offset }")
  if (replay[place]) return
  throw capabilityMissing(
    name,
    `replay from ${place}`,
    "a group cannot begin there. Use an engine with a log (sqlite, postgres, kafka), or start at 'end'.",
  )
}

/** What a start names; undefined for what names none. */
function placeOf(start: Exclude<Start, 'end'>): keyof Capabilities['replay'] | undefined {
  if (start === 'start') return 'start'
  if (typeof start !== 'object' || start === null) return undefined
  if ('time' in start) return Number.isNaN(new Date(start.time).getTime()) ? undefined : 'time'
  return Number.isSafeInteger(start.offset) && start.offset >= 0 ? 'offset' : undefined
}

function checkInbox(inbox: InboxStore<unknown> | undefined): void {
  if (inbox === undefined || (typeof inbox === 'object' && inbox !== null && !isThenable(inbox))) return
  throw wrong('inbox', inbox, "what sqliteInbox(…) or an engine's inbox() makes")
}

function assumedVersions(versions: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  for (const [type, version] of Object.entries(versions)) wholeNumber(`assumeVersion of ${type}`, version)
  return versions
}

function wholeNumber(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw wrong(name, value, 'a whole number from 1')
}

function wrong(name: string, value: unknown, wanted: string): TidingsError {
  return new TidingsError('option_invalid', `${name} is ${shown(value)}. Give ${wanted}.`)
}
