import { limits, TidingsError } from '../kernel/index.ts'

/** @throws `event_too_large` for text longer than `bytes` in UTF-8. */
export function checkJsonSize(text: string, bytes: number = limits.eventBytes): void {
  if (text.length * 3 <= bytes) return
  const actual = text.length > bytes ? text.length : Buffer.byteLength(text)
  if (actual > bytes) throw tooLarge(actual, bytes)
}

export function tooLarge(actual: number, bytes: number): TidingsError<'event_too_large'> {
  return new TidingsError(
    'event_too_large',
    `It has at least ${actual} bytes; at most ${bytes} are allowed. Store large data elsewhere and put its address into the event.`,
  )
}
