import type { SchemaDefinition, SchemaReference } from '../schema-registry.ts'
import { identityOf, type SchemaIdentity } from './identity.ts'
import { type ResolvedSchema, resolveReferences } from './references.ts'
import type { SchemaStore, StoredVersion, SubjectRevision } from './schema-store.ts'
import { type SchemaSubject, schemaSubjectOf } from './schema-subject.ts'
import { parseSchemaText } from './schema-text.ts'
import { checkSchemaType, type RulesOf, type SchemaTypeRules } from './schema-types.ts'

/** A definition that may become a version. */
export interface Candidate extends SchemaIdentity {
  readonly subject: SchemaSubject
  readonly definition: SchemaDefinition
  readonly rules: SchemaTypeRules
}

/** A valid one, with what it refers to. */
export interface ResolvedCandidate extends Candidate {
  readonly resolved: ResolvedSchema
  readonly references: readonly { readonly subject: SchemaSubject; readonly version: number }[]
  /** While none of these changes, what it refers to is there. */
  readonly revisions: readonly SubjectRevision[]
}

/** @throws `schema_invalid`, `schema_unsupported` and `limit_exceeded` for what is no schema; compiling is not tried yet. */
export function candidateOf(
  subject: SchemaSubject,
  definition: SchemaDefinition,
  rulesOf: RulesOf,
): Candidate {
  const rules = rulesOf(definition.schemaType)
  const value = parseSchemaText(definition.schema)
  checkSchemaType(definition, value)
  return { subject, definition, rules, ...identityOf(definition) }
}

/** @throws `schema_invalid` when it cannot be compiled, or refers to what is not there. */
export async function resolveCandidate(store: SchemaStore, candidate: Candidate): Promise<ResolvedCandidate> {
  const { definition, subject, rules } = candidate
  const targetOf = (reference: SchemaReference): SchemaSubject =>
    schemaSubjectOf(reference.subject, subject.context)
  const references = (definition.references ?? []).map((reference) => ({
    subject: targetOf(reference),
    version: reference.version,
  }))
  const revisions: SubjectRevision[] = []
  for (const reference of references) revisions.push(await store.state(reference.subject))
  const resolved = await resolveReferences(store, definition, subject.context)
  await rules.check(resolved)
  return { ...candidate, resolved, references, revisions }
}

/**
 * The version that a definition already is, of those with the same schema from the newest down: one with the same
 * metadata and rules or, for a definition without either, the newest.
 */
export function sameVersion(
  { definition, guid }: Candidate,
  versions: readonly StoredVersion[],
): StoredVersion | undefined {
  const isBare = definition.metadata === undefined && definition.ruleSet === undefined
  return versions.find((version) => version.guid === guid) ?? (isBare ? versions[0] : undefined)
}
