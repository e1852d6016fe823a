/** What became of one delivery, as a member reports it. Of the event only its attributes are here, never its data. */
export interface DeliveryEntry {
  /** The CloudEvents `source` of the bus, and the member of its group. */
  readonly service: string
  readonly member: string
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** When it ended, by the clock of its process, in ms since the Unix epoch. */
  readonly at: number
  /** When the event was appended, by the clock of the engine, and published, by that of its publisher; in ms. */
  readonly appendedAt: number
  readonly publishedAt?: number | undefined
  /** Absent where the record could not be parsed. */
  readonly event?: EventEntry | undefined
  /** From 1. */
  readonly attempt: number
  readonly outcome: DeliveryOutcome
  /** How long the handler ran, and when it is tried again, in ms. */
  readonly tookMs: number
  readonly retryInMs?: number | undefined
  readonly error?: ErrorEntry | undefined
}

/** As a bus reports it: `outage` is no attempt, the engine or the inbox did not answer. */
export type DeliveryOutcome = 'handled' | 'duplicate' | 'failed' | 'dead-letter' | 'newer' | 'outage'

/** The attributes by which an event is found, and by which it is linked to others. */
export interface EventEntry {
  readonly source: string
  readonly id: string
  readonly type: string
  readonly subject?: string | undefined
  /** W3C trace id: 32 hexadecimal digits. */
  readonly traceId?: string | undefined
  readonly correlationId?: string | undefined
  readonly causationId?: string | undefined
}

export interface ErrorEntry {
  /** The error's code, or its name. */
  readonly reason: string
  /** Its first line, cut to `limits.journalMessageLength`. */
  readonly message: string
  /** The same for errors of one kind that are thrown at one place. */
  readonly fingerprint: string
}

/** Where a member stands, every few seconds. One that ends in order says so. */
export interface HealthEntry {
  readonly service: string
  readonly member: string
  readonly group: string
  readonly host: string
  readonly processId: number
  /** When it was looked at, in ms since the Unix epoch, and when it is looked at next at the latest. */
  readonly at: number
  readonly nextWithinMs: number
  /** Without it a member is gone; in ms. */
  readonly sessionTimeoutMs: number
  readonly state: 'running' | 'stopped'
  readonly assignment: readonly {
    readonly topic: string
    readonly partition: number
    readonly generation: number
  }[]
  /** Events that were read and are not finished. */
  readonly inFlight: number
  /** The 99th percentile since the last look, in ms. */
  readonly eventLoopDelayMs: number
}
