import { TidingsError } from './errors.ts'
import { limits } from './limits.ts'
import { shown } from './options.ts'

const pattern = /^[a-z0-9][a-z0-9._-]*$/i

/** @throws `name_invalid` unless a topic, group or namespace may be called so on every engine. */
export function checkName(what: string, name: string): void {
  if (typeof name === 'string' && name.length <= limits.nameLength && pattern.test(name)) return
  throw new TidingsError(
    'name_invalid',
    `${what} cannot be called ${shown(name)}. Use 1 to ${limits.nameLength} letters, digits, dots, dashes and underscores, beginning with a letter or digit.`,
  )
}
