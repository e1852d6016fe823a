import fc from 'fast-check'
import { isObject, type JsonSchema } from '../json-schema.ts'
import { isSchema } from './node.ts'

export type AnySchema = JsonSchema | boolean

const names = ['a', 'b', 'c']
const patterns = ['^a', 'b', '^x']
const count = fc.integer({ min: 0, max: 3 })
const number = fc.integer({ min: -2, max: 6 })
const scalar = fc.constantFrom<unknown>(null, true, 0, 1, 2, 4, 1.5, '', 'a', 'ab', 'bbb')
const typeName = fc.constantFrom('null', 'boolean', 'integer', 'number', 'string', 'array', 'object')

type Entry = readonly [string, unknown]

function of(name: string, value: fc.Arbitrary<unknown>): fc.Arbitrary<Entry> {
  return fc.tuple(fc.constant(name), value)
}

/** One keyword with a value, by how deep schemas may still nest. */
function keywordOf(inner: fc.Arbitrary<AnySchema>): fc.Arbitrary<Entry> {
  const map = (keys: readonly string[]): fc.Arbitrary<unknown> =>
    fc.dictionary(fc.constantFrom(...keys), inner, { minKeys: 1, maxKeys: 3, noNullPrototype: true })
  const list = fc.array(inner, { minLength: 1, maxLength: 3 })
  const someNames = fc.uniqueArray(fc.constantFrom(...names), { maxLength: 2 })
  return fc.oneof(
    { weight: 4, arbitrary: of('type', typeName) },
    of('type', fc.uniqueArray(typeName, { minLength: 2, maxLength: 3 })),
    of('enum', fc.uniqueArray(scalar, { minLength: 1, maxLength: 4 })),
    of('const', scalar),
    of('minimum', number),
    of('maximum', number),
    of('exclusiveMinimum', number),
    of('exclusiveMaximum', number),
    of('multipleOf', fc.constantFrom(1, 2, 3, 4, 0.5)),
    of('minLength', count),
    of('maxLength', count),
    of('pattern', fc.constantFrom(...patterns)),
    of('minItems', count),
    of('maxItems', count),
    of('uniqueItems', fc.boolean()),
    of('items', inner),
    of('prefixItems', list),
    of('contains', inner),
    of('minContains', count),
    of('maxContains', count),
    of('minProperties', count),
    of('maxProperties', count),
    { weight: 3, arbitrary: of('required', someNames) },
    { weight: 5, arbitrary: of('properties', map(names)) },
    of('patternProperties', map(patterns)),
    { weight: 3, arbitrary: of('additionalProperties', inner) },
    of('unevaluatedProperties', inner),
    of('unevaluatedItems', inner),
    of('propertyNames', inner),
    of(
      'dependentRequired',
      fc.dictionary(fc.constantFrom(...names), someNames, { maxKeys: 2, noNullPrototype: true }),
    ),
    of('dependentSchemas', map(names)),
    of('anyOf', list),
    of('oneOf', list),
    of('allOf', list),
    of('not', inner),
    of('if', inner),
    of('then', inner),
    of('else', inner),
    of('default', scalar),
    of('$ref', fc.constantFrom('#/$defs/one', '#/$defs/two', '#')),
  )
}

function schemaOf(depth: number): fc.Arbitrary<AnySchema> {
  const leaf = fc.oneof(
    { weight: 4, arbitrary: typeName.map((type) => ({ type })) },
    fc.constantFrom<AnySchema>(true, false, {}),
  )
  if (depth === 0) return leaf
  const entries = fc.array(keywordOf(schemaOf(depth - 1)), { minLength: 1, maxLength: 4 })
  return fc.oneof(
    { weight: 5, arbitrary: entries.map((list): AnySchema => Object.fromEntries(list)) },
    { weight: 1, arbitrary: leaf },
  )
}

/** `depth`: how deep the schema nests. */
function documentOf(depth: number): fc.Arbitrary<JsonSchema> {
  return fc.tuple(schemaOf(depth), schemaOf(1), schemaOf(Math.min(depth, 2))).map(
    ([root, one, two]): JsonSchema => ({
      ...(isObject(root) ? root : { allOf: [root] }),
      $defs: { one, two },
    }),
  )
}

interface Edit {
  readonly at: number
  readonly kind: 'set' | 'remove' | 'replace' | 'shift'
  readonly entry: Entry
  readonly schema: AnySchema
  readonly by: number
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(40),
  kind: fc.constantFrom('set', 'remove', 'replace', 'shift'),
  entry: keywordOf(schemaOf(1)),
  schema: schemaOf(1),
  by: fc.constantFrom(-1, 1),
})

/** A schema and what one to three small edits make of it. */
export function schemaPair(depth: number): fc.Arbitrary<readonly [JsonSchema, JsonSchema]> {
  return fc
    .tuple(documentOf(depth), fc.array(edit, { minLength: 1, maxLength: 3 }))
    .map(([schema, edits]) => [schema, edits.reduce(edited, schema)])
}

/** The schema with one of the schemas inside it, in the order they are met, edited. */
function edited(document: JsonSchema, { at, kind, entry, schema, by }: Edit): JsonSchema {
  let left = at % countIn(document)
  const change = (value: AnySchema): AnySchema => {
    if (kind === 'replace' || !isObject(value)) return schema
    const keys = Object.keys(value).filter((key) => key !== '$defs')
    const key = keys[at % Math.max(1, keys.length)] ?? 'title'
    if (kind === 'set') return { ...value, [entry[0]]: entry[1] }
    if (kind === 'remove') return Object.fromEntries(Object.entries(value).filter(([each]) => each !== key))
    const numeric = Object.entries(value).filter(([, each]) => typeof each === 'number')
    return {
      ...value,
      ...Object.fromEntries(numeric.map(([name, each]) => [name, Math.max(Number(each) + by, 0) || 1])),
    }
  }
  const walk = (value: AnySchema): AnySchema =>
    left-- === 0 ? change(value) : isObject(value) ? withInner(value, walk) : value
  const result = walk(document)
  return isObject(result) && '$defs' in result
    ? result
    : { ...(isObject(result) ? result : {}), $defs: document['$defs'] }
}

function countIn(schema: AnySchema): number {
  let found = 0
  const walk = (value: AnySchema): AnySchema => {
    found++
    return isObject(value) ? withInner(value, walk) : value
  }
  walk(schema)
  return found
}

const single = new Set(
  'items additionalItems contains additionalProperties unevaluatedProperties unevaluatedItems propertyNames not if then else'.split(
    ' ',
  ),
)
const lists = new Set(['prefixItems', 'items', 'anyOf', 'oneOf', 'allOf'])
const maps = new Set(['properties', 'patternProperties', 'dependentSchemas', 'dependencies', '$defs'])

/** The schema with each of the schemas directly inside it exchanged. */
export function withInner(schema: JsonSchema, exchange: (inner: AnySchema) => AnySchema): JsonSchema {
  const each = (value: unknown): unknown => (isSchema(value) ? exchange(value) : value)
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) => {
      if (Array.isArray(value) && lists.has(name)) return [name, value.map(each)]
      if (maps.has(name) && isObject(value))
        return [name, Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, each(inner)]))]
      return [name, single.has(name) ? each(value) : value]
    }),
  )
}

/** Values that are near to what these schemas ask for. */
const leaf = fc.oneof(scalar, fc.integer({ min: -3, max: 7 }), fc.constantFrom('b', 'xa', 'abc', 2.5, 3, -1))
export const instance: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 3, arbitrary: leaf },
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'ab', 'x', 'z'), tie('value'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
})).value
