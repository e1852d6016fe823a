import { listed, TidingsError } from './errors.ts'
import { nearest } from './nearest.ts'
import { isThenable } from './thenable.ts'

/**
 * Refuses options that nobody reads: one letter wrong, and the default would hold without a word.
 * @param known every name, each once: `{ attempts: true, backoff: true } satisfies Record<keyof Options, true>`.
 * @throws `option_invalid`, naming the option that was probably meant.
 */
export function checkOptionNames(
  where: string,
  options: object,
  known: Readonly<Record<string, true>>,
): void {
  if (typeof options !== 'object' || options === null) {
    throw new TidingsError(
      'option_invalid',
      `${where} takes its options as an object, not ${shown(options)}.`,
    )
  }
  for (const name in options) if (!Object.hasOwn(known, name)) throw unknownOption(where, name, known)
}

function unknownOption(where: string, name: string, known: Readonly<Record<string, true>>): TidingsError {
  const names = Object.keys(known)
  const near = nearest(
    name.toLowerCase(),
    names.map((each) => each.toLowerCase()),
  )
  const meant = names.find((each) => each.toLowerCase() === near)
  const advice =
    meant === undefined ? `There are ${listed(names.toSorted(), names.length)}.` : `Did you mean ${meant}?`
  return new TidingsError('option_invalid', `${where} has no option ${JSON.stringify(name)}. ${advice}`)
}

/** A wrong value as a sentence names it: `a Promise`, `a function`, `"soon"`, `Invalid Date`. */
export function shown(value: unknown): string {
  if (isThenable(value)) return 'a Promise'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100))
  if (Array.isArray(value)) return 'an array'
  if (value instanceof Date) return String(value)
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
