const shape =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i

/** A date and time of RFC 3339 §5.6 that the calendar has; second 60 only where UTC may have a leap second (§5.7). */
export function isTimestamp(text: string): boolean {
  if (!shape.test(text)) return false
  const day = Number(text.slice(8, 10))
  if (day > 28 && day > daysOfMonth(Number(text.slice(0, 4)), Number(text.slice(5, 7)))) return false
  return !text.startsWith('60', 17) || isLeapSecond(text)
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Leap seconds end the last day of a month in UTC, whatever the offset they are written with. */
function isLeapSecond(text: string): boolean {
  const offset = /(?:Z|[+-]\d\d:\d\d)$/i.exec(text)?.[0] ?? ''
  const second59 = Date.parse(`${text.slice(0, 17)}59${offset}`.toUpperCase())
  const next = new Date(second59 + 1_000)
  return next.getUTCDate() === 1 && next.toISOString().endsWith('T00:00:00.000Z')
}

/** ms since the Unix epoch of a valid timestamp, what is finer left out; a leap second counts as the second after it. */
export function timestampMs(text: string): number {
  const upper = text.toUpperCase()
  const ms = Date.parse(upper)
  if (!Number.isNaN(ms)) return ms
  return Date.parse(`${upper.slice(0, 17)}59${upper.slice(19)}`) + 1_000
}
