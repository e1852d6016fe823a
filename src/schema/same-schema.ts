import { isDeepStrictEqual } from 'node:util'
import { type JsonSchema, mapSubschemas } from './json-schema.ts'

/** What explains a schema to people and says nothing about data. A default is more: it may make a required name safe. */
const annotations: ReadonlySet<string> = new Set([
  'title',
  'description',
  '$comment',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
])

/** True for schemas that differ at most in the order of their keys and in what they tell people. */
export function sameSchema(a: JsonSchema, b: JsonSchema): boolean {
  return isDeepStrictEqual(bare(a), bare(b))
}

function bare(schema: JsonSchema): unknown {
  const entries = Object.entries(mapSubschemas(schema, (subschema) => bare(subschema) as JsonSchema))
  return Object.fromEntries(entries.filter(([keyword]) => !annotations.has(keyword)))
}
