import type { FromJsonSchema } from './infer.ts'
import type { JsonSchema } from './json-schema.ts'
import type { StandardJsonSchema } from './standard.ts'

/**
 * What describes the data of an event: a Standard JSON Schema (Zod, ArkType; Valibot and Effect through their
 * wrappers), a TypeBox type, or a JSON Schema written as a literal. For a JSON Schema whose keywords TypeScript
 * does not see (read from a file), use {@link jsonSchema}.
 */
export type Schema = StandardJsonSchema | JsonSchemaLiteral

declare const wrap: unique symbol

/** No value has this type: it stands in the compile error for a schema that only validates, and says how to wrap it. */
export interface WithoutJsonSchema<Advice> {
  readonly [wrap]: Advice
}

/**
 * The keywords that types are read from. There is no index signature on purpose: an object that shares no keyword
 * with it (the schema of another library) is then refused.
 */
export interface JsonSchemaLiteral {
  readonly '~standard'?: WithoutJsonSchema<'Valibot: toStandardJsonSchema(schema)'>
  /** TypeBox marks its types with these. */
  readonly '~kind'?: string
  readonly '~unsafe'?: unknown
  readonly $schema?: string
  readonly $id?: string
  readonly $ref?: string
  readonly $defs?: { readonly [name: string]: unknown }
  readonly title?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly allOf?: readonly unknown[]
  readonly anyOf?: readonly unknown[]
  readonly oneOf?: readonly unknown[]
  readonly properties?: { readonly [name: string]: unknown }
  readonly patternProperties?: { readonly [pattern: string]: unknown }
  readonly additionalProperties?: unknown
  readonly required?: readonly string[]
  readonly items?: unknown
  readonly prefixItems?: readonly unknown[]
}

/** The data on the wire: the schema's input. A Zod default is optional in it, a codec is its encoded form. */
export type DataOf<S> = S extends { readonly '~standard': { readonly types?: infer Types } }
  ? NonNullable<Types> extends { readonly input: infer Input }
    ? Input
    : unknown
  : FromJsonSchema<S>

/** A JSON Schema whose data TypeScript cannot read off it: `jsonSchema<Order>(JSON.parse(text))`. */
export function jsonSchema<Data>(schema: JsonSchema): StandardJsonSchema<Data> {
  const convert = (): Record<string, unknown> => schema
  return { '~standard': { version: 1, vendor: 'tidings', jsonSchema: { input: convert, output: convert } } }
}
