import type { IdentifiedSchema, RegisteredSchema, SchemaDefinition } from '../schema/index.ts'

/** What a schema is, as clients know it: what is not there is left out, and so is the type of Avro. */
function contentOf({ schemaType, schema, references, metadata, ruleSet }: SchemaDefinition): object {
  return {
    ...(schemaType === 'AVRO' ? {} : { schemaType }),
    ...(references === undefined || references.length === 0 ? {} : { references }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(ruleSet === undefined ? {} : { ruleSet }),
    schema,
  }
}

/** With `full`, also what Confluent's own server adds for clients that say they take unknown fields. */
export function schemaAnswer(schema: IdentifiedSchema, full: boolean): object {
  return { ...(full ? { guid: schema.guid } : {}), ...contentOf(schema) }
}

export function versionAnswer(version: RegisteredSchema): object {
  const { schemaSubject, version: number, id, guid } = version
  return { subject: schemaSubject, version: number, id, guid, ...contentOf(version) }
}

/** To who registered it: the subject is what they asked for. */
export function registeredAnswer(registered: RegisteredSchema): object {
  const { id, version, guid } = registered
  return { id, version, guid, ...contentOf(registered) }
}
