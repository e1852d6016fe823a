const zero = 48
const daysIn = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * True for a date and time as `toISOString` writes it, with or without a fraction: `2026-01-31T10:00:00.000Z`. It knows
 * no other form of RFC 3339 and is there for speed: whoever asks looks further when it is false.
 */
export function isUtcDateTime(text: string): boolean {
  const last = text.length - 1
  if (last < 19 || text.charCodeAt(last) !== 90 || text.charCodeAt(10) !== 84) return false
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return false
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return false
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const [month, day] = [twoDigits(text, 5), twoDigits(text, 8)]
  const isDate = year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= lastDay(year, month)
  return isDate && isClock(text) && isFraction(text, last)
}

function isClock(text: string): boolean {
  const [hour, minute, second] = [twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)]
  return hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59
}

/** From the dot behind the seconds to the Z, if there is anything between. */
function isFraction(text: string, last: number): boolean {
  if (last === 19) return true
  if (last === 20 || text.charCodeAt(19) !== 46) return false
  for (let at = 20; at < last; at++) if (!isDigit(text.charCodeAt(at))) return false
  return true
}

function lastDay(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return leap ? 29 : (daysIn[month - 1] ?? 0)
}

/** Negative, also a hundred times as much, where one is no digit. */
function twoDigits(text: string, at: number): number {
  const [tens, ones] = [text.charCodeAt(at), text.charCodeAt(at + 1)]
  return isDigit(tens) && isDigit(ones) ? (tens - zero) * 10 + ones - zero : -100_000
}

function isDigit(code: number): boolean {
  return code >= zero && code <= zero + 9
}
