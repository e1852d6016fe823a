import { limits, TidingsError } from '../../kernel/index.ts'
import type { CompatibilityLevel, RegistryVerdict } from '../schema-registry.ts'
import type { ResolvedCandidate } from './candidate.ts'
import { CompatibilityGroups } from './compatibility-group.ts'
import { comparisonOf } from './compatibility-rule.ts'
import { newestFirst, newestWhere } from './history.ts'
import { resolveReferences } from './references.ts'
import type { SchemaStore, StoredVersion } from './schema-store.ts'
import { subjectText } from './schema-subject.ts'
import type { Scope } from './scope.ts'

export interface CandidateVerdict extends RegistryVerdict {
  /** The newest version that it is not compatible with. */
  readonly version: number | undefined
}

const compatible: CandidateVerdict = { compatible: true, reasons: [], version: undefined }

/** Compares with what the level asks for: the newest version, or all until one is found that does not fit. */
export async function checkCandidate(
  store: SchemaStore,
  candidate: ResolvedCandidate,
  scope: Scope,
): Promise<CandidateVerdict> {
  const { subject } = candidate
  if (scope.level === 'NONE') return compatible
  const inGroup = await groupTest(store, candidate, scope)
  const counts = async (version: StoredVersion): Promise<boolean> =>
    !version.deleted && (await inGroup(version))
  if (!comparisonOf(scope.level).transitive) {
    const newest = await newestWhere(store, subject, counts)
    return newest === undefined ? compatible : compare(store, newest, candidate, scope)
  }
  for await (const version of newestFirst(store, subject)) {
    if (!(await counts(version))) continue
    const verdict = await compare(store, version, candidate, scope)
    if (!verdict.compatible) return verdict
  }
  return compatible
}

/** Compares with one version, whichever it is; one of another group says nothing. */
export async function compareWith(
  store: SchemaStore,
  version: StoredVersion,
  candidate: ResolvedCandidate,
  scope: Scope,
): Promise<CandidateVerdict> {
  const inGroup = await groupTest(store, candidate, scope)
  return (await inGroup(version)) ? compare(store, version, candidate, scope) : compatible
}

/** Whether a version is in the group of the candidate; without groups all are. */
async function groupTest(
  store: SchemaStore,
  { subject, definition }: ResolvedCandidate,
  { group }: Scope,
): Promise<(version: StoredVersion) => boolean | Promise<boolean>> {
  if (group === undefined) return () => true
  const groups = new CompatibilityGroups(store, subject, group)
  const own = await groups.of(definition)
  return async (version) => (await groups.of(version)) === own
}

async function compare(
  store: SchemaStore,
  version: StoredVersion,
  candidate: ResolvedCandidate,
  { level, policy }: Scope,
): Promise<CandidateVerdict> {
  const { definition, subject, rules, resolved: update } = candidate
  const { backward, forward } = comparisonOf(level)
  if (!backward && !forward) return compatible
  if (version.schemaType !== definition.schemaType) return otherType(version, candidate)
  const before = await resolveReferences(store, version, subject.context)
  const reasons = [
    ...(backward ? await rules.obstacles({ reader: update, writer: before, newer: 'reader', policy }) : []),
    ...(forward ? await rules.obstacles({ reader: before, writer: update, newer: 'writer', policy }) : []),
  ]
  return verdictOf(version, [...new Set(reasons)])
}

/** @throws `schema_incompatible` */
export function checkVerdict(
  verdict: CandidateVerdict,
  candidate: ResolvedCandidate,
  level: CompatibilityLevel,
): void {
  if (verdict.compatible) return
  const { reasons, version } = verdict
  const more = reasons.length > 1 ? ` There are ${reasons.length - 1} more reasons.` : ''
  throw new TidingsError(
    'schema_incompatible',
    `The schema cannot follow version ${version} of "${subjectText(candidate.subject)}" under ${level}. ${reasons[0]}${more}`,
    { details: { reasons } },
  )
}

function verdictOf({ version }: StoredVersion, reasons: readonly string[]): CandidateVerdict {
  if (reasons.length === 0) return compatible
  return { compatible: false, version, reasons: reasons.slice(0, limits.schemaReasons) }
}

function otherType(version: StoredVersion, { definition, subject }: ResolvedCandidate): CandidateVerdict {
  return verdictOf(version, [
    `Version ${version.version} of "${subjectText(subject)}" is of type ${version.schemaType}, the schema of type ${definition.schemaType}. Use another schema subject.`,
  ])
}
