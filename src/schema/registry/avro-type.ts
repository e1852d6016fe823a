import type { Schema, Type } from 'avsc'
import { TidingsError } from '../../kernel/index.ts'
import { isObject } from '../json-schema.ts'
import type { ResolvedSchema } from './references.ts'
import { parseSchemaText } from './schema-text.ts'
import type { SchemaTypeRules } from './schema-types.ts'

/** Avro 1.12, by `avsc`: whether a reader can resolve what a writer wrote is what its resolver finds. */
export const avroType: SchemaTypeRules = {
  async check(schema) {
    await typeOf(schema)
  },

  async obstacles({ reader, writer }) {
    const [to, from] = [await typeOf(reader), await typeOf(writer)]
    try {
      to.createResolver(from)
      return []
    } catch (error) {
      return [
        `${messageOf(error)}. Give a field that is new a default, keep the types of the others, and name what was renamed in "aliases".`,
      ]
    }
  },
}

const keywords = ['$schema', '$id', '$ref', '$defs', 'properties', 'allOf', 'anyOf', 'oneOf', 'required']
const jsonTypes: ReadonlySet<unknown> = new Set(['object', 'integer', 'number'])
const avroComplexTypes: ReadonlySet<unknown> = new Set(['record', 'error', 'enum', 'fixed', 'map'])

/** True for what no reader of Avro could take for Avro. */
export function isOnlyJsonSchema(schema: unknown): boolean {
  if (!isObject(schema) || avroComplexTypes.has(schema['type'])) return false
  return jsonTypes.has(schema['type']) || keywords.some((keyword) => Object.hasOwn(schema, keyword))
}

async function typeOf({ schema, others }: ResolvedSchema): Promise<Type> {
  const { Type: AvroType } = await avroLibrary()
  const registry: Record<string, Type> = {}
  try {
    for (const other of others.values()) AvroType.forSchema(parsed(other.schema), { registry })
    return AvroType.forSchema(parsed(schema), { registry })
  } catch (cause) {
    if (cause instanceof TidingsError) throw cause
    throw new TidingsError('schema_invalid', `The schema is not Avro: ${messageOf(cause)}.`, { cause })
  }
}

function parsed(text: string): Schema {
  return parseSchemaText(text) as Schema
}

/** @throws `schema_unsupported` where the package is not installed. */
export async function avroLibrary(): Promise<typeof import('avsc')> {
  try {
    const { default: avsc } = await import('avsc')
    return avsc
  } catch (cause) {
    throw new TidingsError(
      'schema_unsupported',
      'Avro needs the package "avsc", which is not installed. Install it beside Tidings: npm install avsc.',
      { cause },
    )
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
