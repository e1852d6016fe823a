import { isObject } from '../json-schema.ts'

const most = 40

/** Values at the edges of what schemas ask for, made of their own keywords: what one accepts and another may refuse. */
export function directed(root: unknown, others: readonly unknown[]): readonly unknown[] {
  const definitions = [root, ...others].map((schema) =>
    isObject(schema) ? (schema['$defs'] ?? schema['definitions']) : undefined,
  )
  return valuesFor([root, ...others], definitions, 3)
}

/** The edges of every schema inside a value, wherever it stands. */
export function edgesInside(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return [...(isObject(value) ? edgesOf(value) : []), ...Object.values(value).flatMap(edgesInside)]
}

function valuesFor(schemas: readonly unknown[], definitions: readonly unknown[], depth: number): unknown[] {
  const parts = schemas.flatMap((schema) => combined(schema, definitions, 3))
  const scalars = thinned([null, true, false, 0, 1, 1.5, '', 'a', ...parts.flatMap(edgesOf)], most)
  if (depth === 0) return thinned([...scalars, [], {}], most)
  return [...scalars, ...arraysOf(parts, definitions, depth), ...objectsOf(parts, definitions, depth)]
}

/** A schema with all that it is composed of or refers to. */
function combined(
  schema: unknown,
  definitions: readonly unknown[],
  depth: number,
): Record<string, unknown>[] {
  if (!isObject(schema)) return []
  const inside = ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else'].flatMap((name) => {
    const value = schema[name]
    return Array.isArray(value) ? value : [value]
  })
  for (const dependent of [schema['dependentSchemas'], schema['dependencies']]) {
    if (isObject(dependent)) inside.push(...Object.values(dependent))
  }
  const name = typeof schema['$ref'] === 'string' ? schema['$ref'].split('/').at(-1) : undefined
  const targets = name ? definitions.map((each) => (isObject(each) ? each[name] : undefined)) : []
  const more =
    depth > 0 ? [...inside, ...targets].flatMap((each) => combined(each, definitions, depth - 1)) : []
  return [{ ...schema }, ...more]
}

function edgesOf(schema: Record<string, unknown>): unknown[] {
  const values: unknown[] = []
  for (const name of ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']) {
    const bound = schema[name]
    if (typeof bound === 'number')
      values.push(bound, bound - 1, bound + 1, bound + 0.5, bound + 0.1, bound * 2, bound * 3)
  }
  for (const name of ['minLength', 'maxLength']) {
    const length = schema[name]
    if (typeof length === 'number')
      values.push(...['a', 'b', 'x'].flatMap((letter) => [0, 1].map((more) => letter.repeat(length + more))))
  }
  if ('pattern' in schema) values.push('a', 'b', 'xb', 'ab', 'x', 'zz')
  if (Array.isArray(schema['enum'])) values.push(...schema['enum'])
  if ('const' in schema) values.push(schema['const'])
  return values
}

function arraysOf(
  parts: readonly Record<string, unknown>[],
  definitions: readonly unknown[],
  depth: number,
): unknown[] {
  const lists = parts.map(({ prefixItems, items }) =>
    Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : [],
  )
  const rests = parts.flatMap(({ items, additionalItems, contains, unevaluatedItems }) => [
    items,
    additionalItems,
    contains,
    unevaluatedItems,
  ])
  const longest = Math.min(4, 1 + Math.max(1, ...lists.map((list) => list.length)))
  const choices = Array.from({ length: longest }, (_, at) =>
    thinned(valuesFor([...lists.map((list): unknown => list[at]), ...rests], definitions, depth - 1), 14),
  )
  const arrays: unknown[] = [[], [1, 1], ['a', 'a', 'a']]
  for (let length = 1; length <= longest; length++) {
    for (let turn = 0; turn < 14; turn++) {
      arrays.push(choices.slice(0, length).map((values, at) => values[(turn * (at + 1)) % values.length]))
    }
  }
  return arrays
}

function objectsOf(
  parts: readonly Record<string, unknown>[],
  definitions: readonly unknown[],
  depth: number,
): unknown[] {
  const names = ['a', 'b', 'c', 'x', 'z']
  const schemasOf = (name: string): unknown[] =>
    parts.flatMap(({ properties, patternProperties, additionalProperties, unevaluatedProperties }) => [
      isObject(properties) ? properties[name] : undefined,
      ...(isObject(patternProperties) ? Object.values(patternProperties) : []),
      additionalProperties,
      unevaluatedProperties,
    ])
  const choices = names.map((name) => thinned(valuesFor(schemasOf(name), definitions, depth - 1), 16))
  const objects: unknown[] = [{}]
  for (let chosen = 1; chosen < 2 ** names.length; chosen++) {
    for (let turn = 0; turn < (chosen < 8 ? 16 : 4); turn++) {
      const entries = names.flatMap((name, at) => {
        const values = choices[at] ?? []
        return chosen & (1 << at) ? [[name, values[(turn * (at + 1)) % values.length]] as const] : []
      })
      objects.push(Object.fromEntries(entries))
    }
  }
  return objects
}

/** Different ones, spread over all. */
function thinned(values: readonly unknown[], count: number): unknown[] {
  const different = [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]
  const step = Math.max(1, different.length / count)
  return Array.from(
    { length: Math.min(count, different.length) },
    (_, at) => different[Math.floor(at * step)],
  )
}
