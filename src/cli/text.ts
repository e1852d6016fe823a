const numbers = new Intl.NumberFormat('en-US')
const invisible = /[\p{Control}\p{Surrogate}\p{Format}\p{Line_Separator}\p{Paragraph_Separator}]/gu

/** 12,345 */
export function countText(count: number): string {
  return numbers.format(count)
}

/** "1 event", "12,345 events" */
export function counted(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** "a", "a and b", "a, b and 12 more" */
export function namesText(names: readonly string[]): string {
  const shown = names.slice(0, namesShown).map((name) => printable(name))
  if (names.length > shown.length) shown.push(`${countText(names.length - shown.length)} more`)
  return new Intl.ListFormat('en-GB').format(shown)
}

const namesShown = 10

/** "512 B", "1.5 kB", "20 MB" */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 'B']
  for (const larger of ['kB', 'MB', 'GB', 'TB']) {
    if (value < 1_000) break
    value /= 1_000
    unit = larger
  }
  return `${unit === 'B' || value >= 10 ? Math.round(value) : value.toFixed(1)} ${unit}`
}

export function timeText(ms: number): string {
  return new Date(ms).toISOString()
}

/** Text from an event as one line that a terminal can show: what would move its cursor or colour it is escaped. */
export function printable(text: string): string {
  return text.replaceAll(invisible, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  })
}

/** A sentence that may have line breaks, which a message of somebody else's brought in, without them. */
export function oneLine(text: string): string {
  return printable(text.replaceAll(/\s*\n\s*/g, ' '))
}

/** The same as `printable` for text of several lines. */
export function printableLines(text: string): string[] {
  return text.split(/\r?\n/).map((line) => printable(line.replaceAll('\t', '  ')))
}

export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1))}…`
}
