/** A JSON Schema document: draft 2020-12 unless `$schema` names draft-07 or 2019-09. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const ofOne = [
  'items',
  'additionalItems',
  'additionalProperties',
  'unevaluatedItems',
  'unevaluatedProperties',
]
const ofCondition = ['contains', 'propertyNames', 'contentSchema', 'not', 'if', 'then', 'else']
const ofList = ['prefixItems', 'items', 'allOf', 'anyOf', 'oneOf']
const ofMap = ['properties', 'patternProperties', 'dependentSchemas', 'dependencies', '$defs', 'definitions']

const single: ReadonlySet<string> = new Set([...ofOne, ...ofCondition])
const lists: ReadonlySet<string> = new Set(ofList)
const maps: ReadonlySet<string> = new Set(ofMap)

/** A frozen copy with each schema directly inside it changed; values such as `const` and `default` are left alone. */
export function mapSubschemas(schema: JsonSchema, change: (subschema: JsonSchema) => JsonSchema): JsonSchema {
  const changed = (value: unknown): unknown => (isObject(value) ? change(value) : value)
  return mapValues(schema, (keyword, value) => {
    if (lists.has(keyword) && Array.isArray(value)) return Object.freeze(value.map(changed))
    if (maps.has(keyword) && isObject(value)) return mapValues(value, (_, subschema) => changed(subschema))
    return single.has(keyword) ? changed(value) : value
  })
}

/** `Object.fromEntries` defines what it is given: a key `__proto__` stays a key. */
function mapValues(object: JsonSchema, change: (key: string, value: unknown) => unknown): JsonSchema {
  return Object.freeze(
    Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(key, value)])),
  )
}
