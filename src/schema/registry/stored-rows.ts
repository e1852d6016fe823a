import type { NewVersion, StoredSchema, StoredVersion } from './schema-store.ts'
import { subjectText } from './schema-subject.ts'

/** A schema as databases keep it: its definition is JSON. */
export interface SchemaRow {
  readonly context: string
  readonly id: number
  readonly guid: string
  readonly definition: string
}

/** A version, joined with its schema. */
interface VersionRow extends SchemaRow {
  readonly name: string
  readonly version: number
  readonly deleted: boolean
}

export function storedSchema({ definition, context, id, guid }: SchemaRow): StoredSchema {
  return { ...JSON.parse(definition), context, id, guid }
}

export function storedVersion(row: VersionRow): StoredVersion {
  const { definition, id, guid, version, deleted } = row
  return { ...JSON.parse(definition), id, guid, schemaSubject: subjectText(row), version, deleted }
}

/** A version that was just registered, with the numbers that it got. */
export function registeredVersion(
  { subject, definition, guid }: NewVersion,
  numbers: { readonly version: number; readonly id: number },
): StoredVersion {
  return { ...definition, ...numbers, guid, schemaSubject: subjectText(subject), deleted: false }
}
