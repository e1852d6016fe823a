import { isObject, type JsonSchema, mapSubschemas } from './json-schema.ts'

/**
 * A schema as a part of another document that is read as draft-07, such as AsyncAPI: its references lead to where it
 * stands there, and what later drafts say in other words is said in those of draft-07.
 * @param at where it will stand, as a JSON Pointer in a URI fragment: `#/components/schemas/order`.
 */
export function embedSchema(schema: JsonSchema, at: string): JsonSchema {
  const { $schema: _draft, $id: _address, ...rest } = schema
  return embedded(rest, at)
}

function embedded(schema: JsonSchema, at: string): JsonSchema {
  const inner = mapSubschemas(schema, (subschema) => embedded(subschema, at))
  return inDraft07(withReference(inner, at))
}

/** What stands beside a `$ref` is ignored in draft-07 (core, §8.3) and holds later (2019-09 core, §8.2.4.1). */
function withReference(schema: JsonSchema, at: string): JsonSchema {
  const { $ref, ...beside } = schema
  if (typeof $ref !== 'string') return schema
  const reference = { $ref: $ref.startsWith('#') ? at + $ref.slice(1) : $ref }
  if (Object.keys(beside).length === 0) return reference
  const others: unknown = beside['allOf']
  return { ...beside, allOf: [reference, ...(Array.isArray(others) ? others : [])] }
}

function inDraft07(schema: JsonSchema): JsonSchema {
  const { prefixItems, dependentRequired, dependentSchemas, ...rest } = schema
  const { items, ...others } = rest
  const dependencies = [dependentRequired, dependentSchemas].filter(isObject)
  return {
    ...(prefixItems === undefined
      ? rest
      : { ...others, items: prefixItems, ...(items === undefined ? {} : { additionalItems: items }) }),
    ...(dependencies.length === 0 ? {} : { dependencies: Object.assign({}, ...dependencies) as unknown }),
  }
}
