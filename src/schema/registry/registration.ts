import { limits, TidingsError } from '../../kernel/index.ts'
import { type Candidate, type ResolvedCandidate, resolveCandidate, sameVersion } from './candidate.ts'
import { checkCandidate, checkVerdict } from './check-candidate.ts'
import { checkImport, checkWritable } from './mode.ts'
import type { SchemaStore, StoredVersion, VersionEntry } from './schema-store.ts'
import { subjectText } from './schema-subject.ts'
import { type Scope, scopeOf } from './scope.ts'

/** The numbers that a version has in the registry it is copied from. */
export interface GivenNumbers {
  readonly id?: number | undefined
  readonly version?: number | undefined
}

/**
 * Registers a candidate, or finds the version that it is already. It decides on what it reads, and the store writes only
 * while that is still so; when another process was faster, it decides again.
 */
export async function register(
  store: SchemaStore,
  candidate: Candidate,
  given: GivenNumbers,
): Promise<StoredVersion> {
  for (let attempt = 1; attempt <= limits.schemaRegisterAttempts; attempt++) {
    const registered = await tryToRegister(store, candidate, given)
    if (registered !== undefined) return registered
  }
  throw new TidingsError(
    'engine_busy',
    `Schema subject "${subjectText(candidate.subject)}" was changed by others ${limits.schemaRegisterAttempts} times while this was to be registered. Try again.`,
  )
}

/** Undefined when what it was decided on has changed. */
async function tryToRegister(
  store: SchemaStore,
  candidate: Candidate,
  given: GivenNumbers,
): Promise<StoredVersion | undefined> {
  const { subject, definition, guid, fingerprint } = candidate
  const scope = await scopeOf(store, subject)
  const known = await store.withFingerprint(subject, fingerprint)
  const same = sameVersion(
    candidate,
    known.filter(({ deleted }) => !deleted),
  )
  if (same !== undefined && isNumbered(same, given)) return same
  checkMode(scope, subjectText(subject), given)
  const resolved = await resolveCandidate(store, candidate)
  if (scope.mode === 'IMPORT') await checkNumbers(store, candidate, given)
  else await checkAllowed(store, resolved, scope)
  return store.register({
    subject,
    definition,
    guid,
    fingerprint,
    expected: [...scope.revisions, ...resolved.revisions],
    references: resolved.references,
    ...given,
  })
}

async function checkAllowed(store: SchemaStore, resolved: ResolvedCandidate, scope: Scope): Promise<void> {
  checkVerdict(await checkCandidate(store, resolved, scope), resolved, scope.level)
}

function checkMode({ mode }: Scope, schemaSubject: string, given: GivenNumbers): void {
  checkWritable(mode, schemaSubject)
  checkImport(mode, schemaSubject, given.id !== undefined || given.version !== undefined)
}

/** True unless other numbers are asked for than it has. */
function isNumbered(found: VersionEntry | StoredVersion, { id, version }: GivenNumbers): boolean {
  return (id === undefined || id === found.id) && (version === undefined || version === found.version)
}

/** @throws `schema_number_taken` when a number that is given stands for something else already. */
async function checkNumbers(store: SchemaStore, candidate: Candidate, given: GivenNumbers): Promise<void> {
  const { subject, guid } = candidate
  const { id, version } = given
  const same = await store.byGuid(guid)
  const stored = same.find(({ context }) => context === subject.context)
  if (id !== undefined && stored !== undefined && stored.id !== id) {
    throw taken(`The schema has the id ${stored.id} here, and can have no other`)
  }
  if (id !== undefined && stored === undefined && (await store.byId(subject.context, id)) !== undefined) {
    throw taken(`The id ${id} stands for another schema here`)
  }
  if (version !== undefined && (await store.version(subject, version)) !== undefined) {
    throw taken(`Version ${version} of "${subjectText(subject)}" is another schema`)
  }
}

function taken(what: string): TidingsError {
  return new TidingsError(
    'schema_number_taken',
    `${what}. Import into an empty context, as in ":.imported:orders", where the numbers are free.`,
  )
}
