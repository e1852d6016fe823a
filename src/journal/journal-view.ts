import type { DeliveryEntry, ErrorEntry, HealthEntry } from './entries.ts'

/** Where a view has read the journal to: the next offset of each partition. */
export type JournalPosition = ReadonlyMap<number, number>

/** Entries of a member that never came, as its numbers tell: it was killed before it had sent them, or gave them up. */
export interface JournalGap {
  readonly member: string
  readonly group: string
  readonly missing: number
  /** When the entries after it were reported. */
  readonly at: number
}

/** Errors of one kind, as the journal counts them. */
export interface ErrorCount extends ErrorEntry {
  readonly group: string
  readonly count: number
  readonly firstAt: number
  readonly lastAt: number
}

export interface Newest {
  /** At most so many. Default `limits.journalPage`. */
  readonly limit?: number | undefined
}

/**
 * A bounded, indexed part of the journal: the newest entries. Lists are ordered by when a delivery ended; of more than
 * `limit` the newest.
 */
export interface JournalView {
  /** Adds what one read of a partition brought, and remembers how far it was read; both or none. */
  add(part: JournalPart): Promise<void>
  position(): Promise<JournalPosition>
  /** All deliveries of the events of a trace. */
  ofTrace(traceId: string, newest?: Newest): Promise<readonly DeliveryEntry[]>
  /** By the event's id, which another source may have, too. */
  ofEvent(id: string, newest?: Newest): Promise<readonly DeliveryEntry[]>
  ofSubject(subject: string, newest?: Newest): Promise<readonly DeliveryEntry[]>
  ofCorrelation(correlationId: string, newest?: Newest): Promise<readonly DeliveryEntry[]>
  ofGroup(group: string, newest?: Newest): Promise<readonly DeliveryEntry[]>
  /** Kinds of errors, the newest first. */
  errors(newest?: Newest): Promise<readonly ErrorCount[]>
  /** The last that each member said of itself. */
  health(): Promise<readonly HealthEntry[]>
  gaps(newest?: Newest): Promise<readonly JournalGap[]>
  close(): Promise<void>
}

export interface JournalPart {
  readonly partition: number
  /** The next offset to read. */
  readonly next: number
  readonly deliveries: readonly DeliveryEntry[]
  readonly health: readonly HealthEntry[]
  readonly gaps: readonly JournalGap[]
}
