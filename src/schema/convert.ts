import { TidingsError } from '../kernel/index.ts'
import { isObject, type JsonSchema, mapSubschemas } from './json-schema.ts'
import { plainJson } from './plain-json.ts'
import type { Schema } from './schema.ts'

/**
 * The plain JSON Schema of what stands on the wire, as a frozen copy: draft 2020-12, or as its `$schema` says.
 * @param of what the schema belongs to, for the sentence of an error: "Version 2 of com.example.orders.created".
 * @throws `schema_unsupported` for what cannot be written as JSON Schema, or nests too deep.
 */
export function toJsonSchema(schema: Schema, of = 'The schema'): JsonSchema {
  const document = plainJson(documentOf(schema, of), (reason) => {
    throw new TidingsError('schema_unsupported', `${of} cannot be written as a JSON Schema: ${reason}`)
  })
  if (!isObject(document)) {
    throw new TidingsError('schema_unsupported', `${of} must be described by a JSON Schema object.`)
  }
  return '$schema' in document ? document : withPrefixItems(document)
}

/** A schema that came as anything: JavaScript callers, and values typed `any`. */
function documentOf(schema: unknown, of: string): unknown {
  const standard = property(schema, '~standard')
  if (standard === undefined) return literalOf(schema, of)
  const convert = property(property(standard, 'jsonSchema'), 'input')
  if (typeof convert !== 'function') throw withoutConversion(String(property(standard, 'vendor')), of)
  try {
    return convert({ target: 'draft-2020-12', libraryOptions })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TidingsError(
      'schema_unsupported',
      `${of} cannot be written as a JSON Schema: ${reason.replace(/\.$/, '')}. Describe what stands on the wire: a date as a string with the format date-time, a big integer as a string.`,
      { cause },
    )
  }
}

/**
 * ArkType alone would write a Date, a bigint or a Map as a schema that allows everything. Its fallbacks, which other
 * libraries do not read, refuse them.
 */
const libraryOptions = { fallback: { date: refuseKind, domain: refuseKind, proto: refuseKind } }

interface ArkTypeKind {
  readonly code: string
  readonly domain?: string
  readonly proto?: { readonly name: string }
}

function refuseKind({ code, domain, proto }: ArkTypeKind): never {
  throw new Error(`${proto?.name ?? domain ?? code} cannot be represented in JSON Schema`)
}

function literalOf(schema: unknown, of: string): unknown {
  if (property(schema, 'ast') !== undefined) throw withoutConversion('effect', of)
  if (!isObject(schema)) {
    throw new TidingsError(
      'schema_unsupported',
      `${of} needs a schema: of Zod, ArkType, Valibot, Effect or TypeBox, or a JSON Schema object.`,
    )
  }
  return schema
}

const wrappers: ReadonlyMap<string, string> = new Map([
  ['valibot', 'Wrap it: toStandardJsonSchema(schema) of @valibot/to-json-schema.'],
  ['effect', 'Wrap it: Schema.toStandardJSONSchemaV1(schema).'],
])

function withoutConversion(vendor: string, of: string): TidingsError {
  const advice =
    wrappers.get(vendor) ?? 'Update the library, or give the JSON Schema itself: jsonSchema<Data>(…).'
  return new TidingsError(
    'schema_unsupported',
    `${of} is a schema of ${vendor} that has no Standard JSON Schema. ${advice}`,
  )
}

function property(value: unknown, name: string): unknown {
  const holder = typeof value === 'function' || typeof value === 'object' ? value : undefined
  return holder ? Reflect.get(holder, name) : undefined
}

/**
 * Tuples as draft-07 wrote them (`items` as a list, as TypeBox does) in the words of 2020-12, which a schema
 * without `$schema` is read as (JSON Schema 2020-12 core, §10.3.1).
 */
function withPrefixItems(schema: JsonSchema): JsonSchema {
  const inner = mapSubschemas(schema, withPrefixItems)
  if (!Array.isArray(inner['items'])) return inner
  const { items: prefixItems, additionalItems, ...rest } = inner
  return Object.freeze({
    ...rest,
    prefixItems,
    ...(additionalItems === undefined ? {} : { items: additionalItems }),
  })
}
