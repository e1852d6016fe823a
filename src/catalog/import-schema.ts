import { TidingsError } from '../kernel/index.ts'
import { compareSchemas, type JsonSchema, type SchemaRegistry, sameSchema } from '../schema/index.ts'
import { majorOf, publishedIn } from './published.ts'
import { type CatalogSchema, openSubject } from './registration.ts'
import { incompatibility } from './version-check.ts'

/**
 * Registers one schema as a version of an event that no code here declares. It belongs to the compatibility group of the
 * newest version that is there.
 * @throws `schema_invalid`, and `schema_incompatible` where the registry has this version with another schema, or it does
 * not fit; what the registry throws.
 */
export async function importSchema(
  registry: SchemaRegistry,
  { type, version, text }: { readonly type: string; readonly version: number; readonly text: string },
): Promise<CatalogSchema> {
  const schema = schemaOf(text)
  const published = await publishedIn(registry, type)
  const known = published.find((each) => each.version === version)
  if (known !== undefined && !sameSchema(known.schema, schema)) {
    const differences = compareSchemas({ schema: known.schema }, { schema }, { policy: 'lenient' })
    const error = incompatibility([
      { type, version, state: 'changed', differences, undeclared: known.undeclared },
    ])
    if (error !== undefined) throw error
  }
  if (known !== undefined) return { type, version, registered: known.registered, isNew: false }
  if (published.length === 0) await openSubject(registry, type)
  const major = majorOf(published) ?? String(version)
  const metadata = { properties: { major, version: String(version) } }
  const registered = await registry.register(type, { schemaType: 'JSON', schema: text, metadata })
  return { type, version, registered, isNew: true }
}

function schemaOf(text: string): JsonSchema {
  try {
    const schema: unknown = JSON.parse(text)
    if (typeof schema === 'object' && schema !== null && !Array.isArray(schema)) return schema as JsonSchema
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TidingsError('schema_invalid', `This is not JSON: ${reason}.`, { cause })
  }
  throw new TidingsError('schema_invalid', 'A JSON Schema of data is an object. This is another value.')
}
