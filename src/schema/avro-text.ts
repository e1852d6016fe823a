import type { Schema, Type } from 'avsc'
import { limits, Recent } from '../kernel/index.ts'
import { avroLibrary } from './registry/avro-type.ts'
import { parseSchemaText } from './registry/schema-text.ts'
import type { IdentifiedSchema, SchemaDefinition, SchemaRegistry } from './schema-registry.ts'

const types = new Recent<Type>(limits.compiledSchemas)

/**
 * Data in Avro's binary encoding as JSON text, read with the schema that it was written with.
 * @throws `schema_unsupported` without the package `avsc`, what the registry throws, and an error for bytes that are not
 * of this schema.
 */
export async function avroText(
  registry: SchemaRegistry,
  schema: IdentifiedSchema,
  data: Uint8Array,
): Promise<string> {
  const type = types.get(schema.guid) ?? (await typeOf(registry, schema))
  types.set(schema.guid, type)
  return JSON.stringify(type.fromBuffer(Buffer.from(data)))
}

async function typeOf(registry: SchemaRegistry, schema: SchemaDefinition): Promise<Type> {
  const { Type: AvroType } = await avroLibrary()
  const named: Record<string, Type> = {}
  const define = async ({ schema: text, references = [] }: SchemaDefinition): Promise<Type> => {
    for (const { subject, version, name } of references) {
      const other = await registry.version(subject, version)
      if (other !== undefined && !Object.hasOwn(named, name)) await define(other)
    }
    return AvroType.forSchema(parseSchemaText(text) as Schema, { registry: named })
  }
  return define(schema)
}
