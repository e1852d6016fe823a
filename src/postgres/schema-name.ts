import { shown, TidingsError } from '../kernel/index.ts'

/** PostgreSQL cuts names after 63 bytes, and names of ours are made of it. */
const longestName = 48
const pattern = /^[a-z_][a-z0-9_]*$/

/** @throws `option_invalid` unless a schema may be called so without surprises. */
export function checkSchemaName(name: string): void {
  if (pattern.test(name) && name.length <= longestName && !name.startsWith('pg_')) return
  throw new TidingsError(
    'option_invalid',
    `A schema of PostgreSQL cannot be called ${shown(name)} here. Use up to ${longestName} small letters, digits and underscores, not beginning with a digit or pg_.`,
  )
}
