import { isObject, type JsonSchema, mapSubschemas } from '../json-schema.ts'
import type { ResolvedSchema } from './references.ts'
import { parseSchemaText } from './schema-text.ts'

/**
 * A JSON Schema and what it refers to as one document, so that no `$ref` leads out of it: the others stand under
 * `$defs`, and each `$ref` that names one leads there. A `$ref` that nothing explains stays as it is.
 */
export function bundled(schema: JsonSchema, { names, others }: ResolvedSchema): JsonSchema {
  if (others.size === 0) return schema
  const own = isObject(schema['$defs']) ? schema['$defs'] : {}
  const places = placesFor([...others.keys()], own)
  const definitions = [...others].map(([key, other]) => {
    const place = places.get(key) ?? ''
    return [place, embedded(parseSchemaText(other.schema), other.names, places, place)]
  })
  const main = withRefs(schema, addressing(schema, names, places, ''))
  return {
    ...main,
    $defs: { ...(isObject(main['$defs']) ? main['$defs'] : {}), ...Object.fromEntries(definitions) },
  }
}

/** Names that are free under `$defs`. */
function placesFor(keys: readonly string[], taken: JsonSchema): ReadonlyMap<string, string> {
  let prefix = 'reference'
  while (Object.keys(taken).some((name) => name.startsWith(prefix))) prefix += '_'
  return new Map(keys.map((key, at) => [key, `${prefix}${at}`]))
}

function embedded(
  schema: unknown,
  names: ReadonlyMap<string, string>,
  places: ReadonlyMap<string, string>,
  place: string,
): unknown {
  if (!isObject(schema)) return schema
  const { $id: _id, $schema: _draft, ...inner } = schema
  return withRefs(inner, addressing(schema, names, places, place))
}

function withRefs(schema: JsonSchema, address: (ref: string) => string): JsonSchema {
  const inner = mapSubschemas(schema, (subschema) => withRefs(subschema, address))
  const ref = inner['$ref']
  return typeof ref === 'string' ? { ...inner, $ref: address(ref) } : inner
}

/** Where a `$ref` of one schema leads in the bundle. `place` is that of the schema itself, empty for the outermost. */
function addressing(
  { $id }: JsonSchema,
  names: ReadonlyMap<string, string>,
  places: ReadonlyMap<string, string>,
  place: string,
): (ref: string) => string {
  const base = typeof $id === 'string' ? $id : ''
  const targets = new Map([...names].map(([name, key]) => [absolute(name, base), places.get(key)]))
  return (ref) => {
    const [address = '', fragment = ''] = ref.split('#', 2)
    const own = address === '' || absolute(address, base) === absolute(base, base)
    const target = own ? place : targets.get(absolute(address, base))
    if (target === undefined || (own && place === '')) return ref
    const isPointer = fragment === '' || fragment.startsWith('/')
    return isPointer ? `#/$defs/${target}${fragment}` : `#${fragment}`
  }
}

function absolute(reference: string, base: string): string {
  return URL.canParse(reference, base || undefined) ? new URL(reference, base || undefined).href : reference
}
