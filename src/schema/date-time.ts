const day = '(?:0[1-9]|1\\d|2[0-8])'
const monthDay = `(?:(?:0[1-9]|1[0-2])-${day}|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)`
const time = '(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d+)?'
const pattern = new RegExp(`^\\d{4}-${monthDay}T${time}Z$`)

/**
 * True for a date and time as `toISOString` writes it, with or without a fraction: `2026-01-31T10:00:00.000Z`. It knows
 * neither another form of RFC 3339 nor a leap day and is there for speed: whoever asks looks further when it is false.
 */
export function isUtcDateTime(text: string): boolean {
  return pattern.test(text)
}
