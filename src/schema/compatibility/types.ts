import { listed } from '../../kernel/index.ts'

/** What a JSON value can be. An `integer` is a number without a fraction, `fraction` any other number. */
export type ValueType = 'null' | 'boolean' | 'object' | 'array' | 'string' | 'integer' | 'fraction'

export const allTypes: ReadonlySet<ValueType> = new Set<ValueType>([
  'null',
  'boolean',
  'object',
  'array',
  'string',
  'integer',
  'fraction',
])

const named: ReadonlyMap<string, readonly ValueType[]> = new Map<string, readonly ValueType[]>([
  ['null', ['null']],
  ['boolean', ['boolean']],
  ['object', ['object']],
  ['array', ['array']],
  ['string', ['string']],
  ['integer', ['integer']],
  ['number', ['integer', 'fraction']],
])

/** What the keyword `type` allows. */
export function typesNamed(type: unknown): ReadonlySet<ValueType> {
  if (type === undefined) return allTypes
  const names: readonly unknown[] = Array.isArray(type) ? type : [type]
  return new Set(names.flatMap((name) => named.get(String(name)) ?? []))
}

export function typeOf(value: unknown): ValueType {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'string' || typeof value === 'boolean')
    return typeof value === 'string' ? 'string' : 'boolean'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'fraction'
  return 'object'
}

/** In the words of JSON Schema, where what is no integer is a number. */
export function typeNames(types: ReadonlySet<ValueType>): readonly string[] {
  if (!types.has('fraction')) return [...types]
  return [...[...types].filter((type) => type !== 'integer' && type !== 'fraction'), 'number']
}

/** "integer", "string or null". */
export function typesText(types: ReadonlySet<ValueType>): string {
  if (types.size === allTypes.size) return 'anything'
  if (types.size === 0) return 'nothing'
  return listed(typeNames(types), allTypes.size).replace(' and ', ' or ')
}
