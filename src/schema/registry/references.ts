import { limits, TidingsError } from '../../kernel/index.ts'
import type { SchemaDefinition, SchemaReference } from '../schema-registry.ts'
import type { SchemaStore } from './schema-store.ts'
import { type SchemaSubject, schemaSubjectOf, subjectText } from './schema-subject.ts'

/** A schema, and what the names in it that are not its own stand for. */
export interface NamingSchema {
  readonly schema: string
  /** Keys of the schemas that its references name. */
  readonly names: ReadonlyMap<string, string>
}

export interface ReferredSchema extends NamingSchema {
  readonly subject: SchemaSubject
  readonly version: number
}

/** A schema with everything that it refers to, directly or through others: what is referred to before what refers to it. */
export interface ResolvedSchema extends NamingSchema {
  readonly others: ReadonlyMap<string, ReferredSchema>
}

/**
 * @param context where references without a context are.
 * @throws `schema_invalid` for a version that is not there or deleted, or of another type · `limit_exceeded` for too many.
 */
export async function resolveReferences(
  store: SchemaStore,
  definition: SchemaDefinition,
  context: string,
): Promise<ResolvedSchema> {
  const others = new Map<string, ReferredSchema>()
  const seen = new Set<string>()

  const visit = async (
    references: readonly SchemaReference[],
    from: string,
  ): Promise<Map<string, string>> => {
    const names = new Map<string, string>()
    for (const reference of references) {
      const subject = schemaSubjectOf(reference.subject, from)
      const key = `${subjectText(subject)}\n${reference.version}`
      names.set(reference.name, key)
      if (seen.has(key)) continue
      if (seen.add(key).size > limits.schemaReferences) throw tooMany()
      const found = await store.version(subject, reference.version)
      if (found === undefined || found.deleted) throw missing(reference)
      if (found.schemaType !== definition.schemaType) throw ofOtherType(reference, found, definition)
      const inner = await visit(found.references ?? [], subject.context)
      others.set(key, { subject, version: reference.version, schema: found.schema, names: inner })
    }
    return names
  }

  const names = await visit(definition.references ?? [], context)
  return { schema: definition.schema, names, others }
}

function missing({ name, subject, version }: SchemaReference): TidingsError {
  return new TidingsError(
    'schema_invalid',
    `The reference "${name}" is to version ${version} of schema subject "${subject}", which is not there. Register that first.`,
  )
}

function ofOtherType(
  { name }: SchemaReference,
  found: SchemaDefinition,
  { schemaType }: SchemaDefinition,
): TidingsError {
  return new TidingsError(
    'schema_invalid',
    `The reference "${name}" is to a schema of type ${found.schemaType}, which one of type ${schemaType} cannot hold. Refer to one of its own type.`,
  )
}

function tooMany(): TidingsError {
  return new TidingsError(
    'limit_exceeded',
    `The schema refers to more than ${limits.schemaReferences} others. Put some of them into one.`,
  )
}
