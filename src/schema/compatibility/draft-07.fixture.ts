import { isObject, type JsonSchema } from '../json-schema.ts'
import { type AnySchema, withInner } from './oracle.fixture.ts'

const newer = new Set(['minContains', 'maxContains', 'unevaluatedItems', 'unevaluatedProperties'])

/** A schema of 2020-12 in the words of draft-07, without what draft-07 has no words for. */
export function asDraft07(schema: JsonSchema): JsonSchema {
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...rewritten(schema) }
}

function rewritten(schema: JsonSchema): JsonSchema {
  const { prefixItems, items, dependentRequired, dependentSchemas, $ref, ...rest } = withInner(schema, inner)
  const more = Object.fromEntries(Object.entries(rest).filter(([name]) => !newer.has(name)))
  const { $defs, ...own } = more
  return {
    ...own,
    ...(isObject($defs) ? { definitions: $defs } : {}),
    ...(typeof $ref === 'string' ? { $ref: $ref.replace('$defs', 'definitions') } : {}),
    ...tupleOf(prefixItems, items),
    ...dependenciesOf(dependentRequired, dependentSchemas),
  }
}

function inner(schema: AnySchema): AnySchema {
  return isObject(schema) ? rewritten(schema) : schema
}

function tupleOf(prefixItems: unknown, items: unknown): JsonSchema {
  if (prefixItems === undefined) return items === undefined ? {} : { items }
  return { items: prefixItems, ...(items === undefined ? {} : { additionalItems: items }) }
}

function dependenciesOf(names: unknown, schemas: unknown): JsonSchema {
  if (!isObject(names) && !isObject(schemas)) return {}
  return { dependencies: { ...(isObject(names) ? names : {}), ...(isObject(schemas) ? schemas : {}) } }
}
