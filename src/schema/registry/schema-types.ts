import { TidingsError } from '../../kernel/index.ts'
import type { SchemaDefinition, SchemaType } from '../schema-registry.ts'
import { avroType, isOnlyJsonSchema } from './avro-type.ts'
import type { CompatibilityPolicy } from './compatibility-rule.ts'
import { jsonType } from './json-type.ts'
import type { ResolvedSchema } from './references.ts'

/** Whether `reader` can read what was written with `writer`. */
export interface ReadQuestion {
  readonly reader: ResolvedSchema
  readonly writer: ResolvedSchema
  /** The one that is not registered yet: what to change is said of it. */
  readonly newer: 'reader' | 'writer'
  readonly policy: CompatibilityPolicy
}

/** What a registry needs to know of a language of schemas. */
export interface SchemaTypeRules {
  /** @throws `schema_invalid` · `schema_unsupported` */
  check(schema: ResolvedSchema): void | Promise<void>
  /** Why a reader with one schema cannot read all that was written with another; empty when it can. */
  obstacles(question: ReadQuestion): readonly string[] | Promise<readonly string[]>
}

/** Finds the rules of a type. @throws `schema_unsupported` for one without any. */
export type RulesOf = (schemaType: SchemaType) => SchemaTypeRules

/** @throws `schema_unsupported` for PROTOBUF. */
export function rulesOf(schemaType: SchemaType): SchemaTypeRules {
  if (schemaType === 'JSON') return jsonType
  if (schemaType === 'AVRO') return avroType
  throw new TidingsError(
    'schema_unsupported',
    `This registry has no schemas of type ${schemaType}. Register JSON Schema ("schemaType": "JSON") or Avro ("schemaType": "AVRO").`,
  )
}

/** @throws `schema_invalid` for a JSON Schema that says it is Avro, as one does that says nothing. */
export function checkSchemaType({ schemaType }: SchemaDefinition, value: unknown): void {
  if (schemaType === 'AVRO' && isOnlyJsonSchema(value)) {
    throw new TidingsError('schema_invalid', 'this is JSON Schema: send "schemaType": "JSON"')
  }
}
