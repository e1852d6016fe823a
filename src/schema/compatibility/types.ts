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
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'boolean':
      return 'boolean'
    case 'number':
      return Number.isInteger(value) ? 'integer' : 'fraction'
    default:
      return 'object'
  }
}

/** In the words of JSON Schema: "integer", "string or null". */
export function typesText(types: ReadonlySet<ValueType>): string {
  if (types.size === allTypes.size) return 'anything'
  if (types.size === 0) return 'nothing'
  const names = [...types].filter(
    (type) => type !== 'fraction' && !(type === 'integer' && types.has('fraction')),
  )
  if (types.has('fraction')) names.push(...(['number'] as unknown as ValueType[]))
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}
