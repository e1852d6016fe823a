import { hostname } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type CloudEvent, readTraceContext, timestampMs } from '../event/index.ts'
import {
  deliveriesReported,
  type EventEntry,
  errorEntryOf,
  type HealthEntry,
  healthReported,
  journalTopic,
  JournalWriter,
  type Reported,
} from '../journal/index.ts'
import { type Clock, limits, sleep, type Timer, toError } from '../kernel/index.ts'
import type { Assignment } from '../log/index.ts'
import type { Engine } from './engine.ts'
import type { RecordMaker } from './record-maker.ts'
import type { DeliveryReport, Report } from './report.ts'

/** What the journal asks of a member. */
export interface MemberState {
  readonly assigned: readonly Assignment[]
  readonly inFlight: number
}

/** What is reported of one member, from when it joins until it has left. */
export interface MemberJournal {
  readonly report: Report
  /** Fulfils when everything is sent, or could not be within `limits.journalCloseMs`. */
  close(): Promise<void>
}

export interface JournaledMember {
  readonly group: string
  readonly member: string
  readonly sessionTimeoutMs: number
  readonly look: () => MemberState
}

export interface BusJournalOptions {
  readonly engine: Engine
  readonly maker: RecordMaker
  readonly service: string
  readonly clock: Clock
}

/** Publishes what the members of one bus report to the journal. Deliveries of the journal itself are never reported. */
export class BusJournal {
  readonly #options: BusJournalOptions

  constructor(options: BusJournalOptions) {
    this.#options = options
  }

  member({ group, member, sessionTimeoutMs, look }: JournaledMember): MemberJournal {
    const { engine, maker, service, clock } = this.#options
    const writer = new JournalWriter({
      service,
      member,
      group,
      clock,
      send: (data) => engine.publish([maker.one(deliveriesReported, data, {}, 'send')], { tx: undefined }),
      lost: warn,
    })
    const delay = monitorEventLoopDelay({ resolution: eventLoopResolutionMs })
    delay.enable()
    let timer: Timer | undefined
    let saying: Promise<void> | undefined
    let closed = false
    const say = async (state: HealthEntry['state']): Promise<void> => {
      const { assigned, inFlight } = look()
      const entry: HealthEntry = {
        service,
        member,
        group,
        host: hostname(),
        processId: process.pid,
        at: clock.now(),
        nextWithinMs: limits.journalHealthMs,
        sessionTimeoutMs,
        state,
        assignment: assigned.map(({ topic, partition, generation }) => ({ topic, partition, generation })),
        inFlight,
        eventLoopDelayMs: Math.round(delay.percentile(99) / 10_000) / 100,
      }
      delay.reset()
      await engine
        .publish([maker.one(healthReported, entry, {}, 'send')], { tx: undefined })
        .catch(() => undefined) // The next look says it again.
    }
    const lookAgain = (): void => {
      if (closed) return
      timer = clock.schedule(limits.journalHealthMs, () => {
        saying = say('running').then(lookAgain)
      })
    }
    lookAgain()
    return {
      report: (delivery) => {
        if (delivery.topic !== journalTopic.name) writer.add(entryOf(delivery, clock.now()))
      },
      close: async () => {
        closed = true
        timer?.cancel()
        const told = Promise.all([writer.close(), saying]).then(() => say('stopped'))
        const waited = new AbortController()
        await Promise.race([told, sleep(clock, limits.journalCloseMs, waited.signal)])
        waited.abort()
        delay.disable()
      },
    }
  }
}

const eventLoopResolutionMs = 20

function entryOf(
  { topic, partition, offset, appendedAt, event, attempt, outcome, tookMs, retryInMs, error }: DeliveryReport,
  at: number,
): Reported {
  return {
    topic,
    partition,
    offset,
    at,
    appendedAt,
    attempt,
    outcome,
    tookMs: Math.round(tookMs * 1_000) / 1_000,
    ...(event?.time !== undefined && { publishedAt: timestampMs(event.time) }),
    ...(event && { event: eventEntryOf(event) }),
    ...(retryInMs !== undefined && { retryInMs }),
    ...(error && { error: errorEntryOf(error) }),
  }
}

function eventEntryOf(event: CloudEvent): EventEntry {
  const { source, id, type, subject, correlationid, causationid } = event
  const traceId = readTraceContext(event)?.traceId
  return {
    source,
    id,
    type,
    ...(subject !== undefined && { subject }),
    ...(traceId !== undefined && { traceId }),
    ...(typeof correlationid === 'string' && { correlationId: correlationid }),
    ...(typeof causationid === 'string' && { causationId: causationid }),
  }
}

function warn(error: unknown): void {
  const { message } = toError(error)
  process.emitWarning(`The journal cannot be written, and is behind: ${message}`)
}
