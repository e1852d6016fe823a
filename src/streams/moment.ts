import { isTimestamp, timestampMs } from '../event/index.ts'
import { shown, TidingsError } from '../kernel/index.ts'

/** A moment as callers give it: a Date, RFC 3339 text, or a day, which means its first moment in UTC. */
export type Moment = Date | string

/** ms since the Unix epoch. @throws `option_invalid` */
export function momentMs(name: string, moment: Moment): number {
  if (moment instanceof Date && !Number.isNaN(moment.getTime())) return moment.getTime()
  if (typeof moment === 'string') {
    const text = day.test(moment) ? `${moment}T00:00:00Z` : moment
    if (isTimestamp(text)) return timestampMs(text)
  }
  throw new TidingsError(
    'option_invalid',
    `${name} is ${shown(moment)}, which is not a time. Write it like 2026-01-31T00:00:00Z or 2026-01-31.`,
  )
}

/** The moment as an event's `time`; RFC 3339 text stays as it is. @throws `option_invalid` */
export function timestampOf(name: string, moment: Moment): string {
  const ms = momentMs(name, moment)
  return typeof moment === 'string' && !day.test(moment) ? moment : new Date(ms).toISOString()
}

const day = /^\d{4}-\d\d-\d\d$/
