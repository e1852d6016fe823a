import type { CloudEvent, Flow } from '../event/index.ts'
import { durationText, type TidingsError, toError } from '../kernel/index.ts'

/**
 * What became of one delivery. `failed`: it is tried again · `dead-letter`: it is not · `duplicate`: the inbox knew it ·
 * `newer`: it waits for a version of this program that knows it · `outage`: the group's inbox, or the engine that the handler
 * published to, cannot be used now, so it is tried again and the attempt does not count.
 */
export interface DeliveryReport {
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** By the engine's clock, in ms since the Unix epoch. */
  readonly appendedAt: number
  /** Absent where the record cannot be parsed. */
  readonly event: CloudEvent | undefined
  /** Where the handler's run stood: its `trace` is the span of the run, made when it is asked for. Absent where none ran. */
  readonly flow: Flow | undefined
  readonly attempt: number
  readonly outcome: 'handled' | 'duplicate' | 'failed' | 'dead-letter' | 'newer' | 'outage'
  /** How long the handler ran, in ms. */
  readonly tookMs: number
  readonly error: Error | undefined
  /** When it is tried again, in ms from now. */
  readonly retryInMs: number | undefined
}

export type Report = (report: DeliveryReport) => void

/** A report that throws is a warning of the process: it must not stop deliveries. */
export function harmless(report: Report): Report {
  return (delivery) => {
    try {
      report(delivery)
    } catch (error) {
      process.emitWarning(toError(error))
    }
  }
}

/** Lines that `reportFailures` writes at the most in a second. */
const linesPerSecond = 20

/** What a bus reports to unless it is told otherwise: a line on stderr for every failed attempt and dead letter. */
export function reportFailures(write: (line: string) => void = writeLine): Report {
  let second = 0
  let lines = 0
  return (report) => {
    if (report.outcome === 'handled' || report.outcome === 'duplicate') return
    const now = Math.floor(performance.now() / 1_000)
    if (now !== second) {
      if (lines > linesPerSecond) write(`tidings: ${lines - linesPerSecond} more failures in that second`)
      second = now
      lines = 0
    }
    lines += 1
    if (lines <= linesPerSecond) write(failureLine(report))
  }
}

function failureLine({
  group,
  topic,
  partition,
  offset,
  event,
  attempt,
  outcome,
  error,
  retryInMs,
}: DeliveryReport): string {
  const what = `${event?.type ?? 'a record'} (${event?.subject ?? event?.id ?? 'unreadable'}, ${topic}/${partition} offset ${offset})`
  const again = `again in ${durationText(retryInMs ?? 0)}`
  const next = {
    handled: 'is handled',
    duplicate: 'was handled before',
    failed: `failed in attempt ${attempt}, ${again}`,
    'dead-letter': `is a dead letter now, after ${attempt} ${attempt === 1 ? 'attempt' : 'attempts'}`,
    newer: 'waits, newer than this program',
    outage: `waits, ${again}, and no attempt is counted`,
  }[outcome]
  return `tidings: ${group}: ${what} ${next}: ${words(error)}`
}

function words(error: Error | TidingsError | undefined): string {
  return error?.message.split('\n')[0] ?? 'no reason given'
}

function writeLine(line: string): void {
  process.stderr.write(`${line}\n`)
}
