import { limits } from '../kernel/index.ts'
import { type SchemaNode, schemaAt, schemaMapAt, schemasAt, stringAt } from './compatibility/node.ts'
import { References } from './compatibility/references.ts'
import type { JsonSchema } from './json-schema.ts'

/** Keywords whose schemas look at the same value as the schema that they stand in, and those that look inside it. */
const sameValue = {
  refs: ['$ref', '$dynamicRef', '$recursiveRef'],
  lists: ['allOf', 'anyOf', 'oneOf'],
  single: ['not', 'if', 'then', 'else'],
  maps: ['dependentSchemas', 'dependencies'],
}
const inside = {
  lists: ['prefixItems', 'items'],
  single: [
    'items',
    'additionalItems',
    'unevaluatedItems',
    'contains',
    'additionalProperties',
    'unevaluatedProperties',
    'propertyNames',
  ],
  maps: ['properties', 'patternProperties'],
}

/**
 * Where a schema comes back to itself while it looks at one and the same value, as `{"$ref": "#"}` does: a check of data
 * would never end. A JSON Pointer; undefined where there is no such place. Recursion into properties and items is fine.
 */
export function endlessPlace(schema: JsonSchema): string | undefined {
  let count = 0
  const { root } = new References({ schema }, () => count++)
  const done = new Set<number>()
  const waiting = [root]

  const visit = (node: SchemaNode, open: ReadonlySet<number>): string | undefined => {
    if (open.has(node.id) || open.size > limits.schemaDepth) return node.pointer
    if (done.has(node.id)) return undefined
    const chain = new Set(open).add(node.id)
    for (const next of ofSameValue(node)) {
      const found = visit(next, chain)
      if (found !== undefined) return found
    }
    done.add(node.id)
    waiting.push(...ofInside(node))
    return undefined
  }

  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const found = visit(node, new Set())
    if (found !== undefined) return found
  }
  return undefined
}

function ofSameValue(node: SchemaNode): readonly SchemaNode[] {
  const targets = sameValue.refs.map((name) => {
    const reference = stringAt(node, name)
    return reference === undefined ? undefined : node.document.find(reference, node)
  })
  return [...targets.filter((target) => target !== undefined), ...childrenOf(node, sameValue)]
}

function ofInside(node: SchemaNode): readonly SchemaNode[] {
  return childrenOf(node, inside)
}

function childrenOf(
  node: SchemaNode,
  { lists, single, maps }: { readonly lists: string[]; readonly single: string[]; readonly maps: string[] },
): readonly SchemaNode[] {
  return [
    ...lists.flatMap((name) => schemasAt(node, name)),
    ...single.map((name) => schemaAt(node, name)).filter((child) => child !== undefined),
    ...maps.flatMap((name) => [...schemaMapAt(node, name).values()]),
  ]
}
