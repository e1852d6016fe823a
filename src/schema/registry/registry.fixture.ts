import { isTidingsError } from '../../kernel/index.ts'
import { memorySchemaStore } from '../../memory/index.ts'
import type { SchemaDefinition } from '../schema-registry.ts'
import { type EmbeddedRegistry, embeddedRegistry } from './embedded-registry.ts'

export function newRegistry(): EmbeddedRegistry {
  return embeddedRegistry(memorySchemaStore())
}

export function json(schema: unknown, fields: Partial<SchemaDefinition> = {}): SchemaDefinition {
  return { schemaType: 'JSON', schema: JSON.stringify(schema), ...fields }
}

export function avro(schema: unknown, fields: Partial<SchemaDefinition> = {}): SchemaDefinition {
  return { ...json(schema, fields), schemaType: 'AVRO' }
}

/** A closed object with these properties, of which the first is required. */
export function order(properties: object = {}): object {
  return {
    type: 'object',
    properties: { orderId: { type: 'string' }, ...properties },
    required: ['orderId'],
    additionalProperties: false,
  }
}

/** The message of the error that a promise is rejected with; what it fulfils with is no error. */
export async function refusalOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    if (isTidingsError(error)) return error.message
    throw error
  }
  return 'fulfilled'
}
