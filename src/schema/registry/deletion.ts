import { limits, listed, TidingsError } from '../../kernel/index.ts'
import { missingSubject, missingVersion } from './absent.ts'
import { checkWritable } from './mode.ts'
import type { SchemaStore, VersionEntry } from './schema-store.ts'
import { type SchemaSubject, subjectText } from './schema-subject.ts'
import { scopeOf } from './scope.ts'

export interface Deletion {
  /** Softly, by default: the versions are no longer listed and compared with, but can be read. For good: they are gone. */
  readonly permanent: boolean
}

/** Deletes all versions and returns their numbers. @throws see {@link deleteVersions} */
export function deleteSubject(
  store: SchemaStore,
  subject: SchemaSubject,
  deletion: Deletion,
): Promise<readonly number[]> {
  return deleteVersions(store, subject, deletion, (all) => {
    const live = all.filter(({ deleted }) => !deleted)
    if (!deletion.permanent && live.length === 0) throw deletedSubject(subject)
    if (deletion.permanent && live.length > 0) throw subjectNotDeleted(subject)
    return deletion.permanent ? all : live
  })
}

/** Deletes one version and returns its number. @throws see {@link deleteVersions} */
export async function deleteVersion(
  store: SchemaStore,
  subject: SchemaSubject,
  version: number | 'latest',
  deletion: Deletion,
): Promise<number> {
  const [deleted = 0] = await deleteVersions(store, subject, deletion, (all) => {
    const found =
      version === 'latest'
        ? all.findLast((each) => !each.deleted)
        : all.find((each) => each.version === version)
    if (found === undefined) throw missingVersion(subjectText(subject), version)
    if (found.deleted && !deletion.permanent) throw deletedVersion(subject, found.version)
    if (!found.deleted && deletion.permanent) throw versionNotDeleted(subject, found.version)
    return [found]
  })
  return deleted
}

/**
 * @throws `schema_subject_missing`, `schema_version_missing` · `schema_subject_deleted`, `schema_version_deleted` when it
 * is deleted already · `schema_subject_not_deleted`, `schema_version_not_deleted` when it is to be deleted for good
 * without having been deleted softly · `schema_referenced` · `registry_read_only`.
 */
async function deleteVersions(
  store: SchemaStore,
  subject: SchemaSubject,
  { permanent }: Deletion,
  choose: (all: readonly VersionEntry[]) => readonly VersionEntry[],
): Promise<readonly number[]> {
  for (let attempt = 1; attempt <= limits.schemaRegisterAttempts; attempt++) {
    const { mode } = await scopeOf(store, subject)
    const state = await store.state(subject)
    const all = await store.versions(subject)
    if (all.length === 0) throw missingSubject(subjectText(subject))
    const chosen = choose(all)
    checkWritable(mode, subjectText(subject))
    await checkUnreferenced(store, chosen, permanent)
    const numbers = chosen.map(({ version }) => version)
    if (!(await store.remove(state, numbers, permanent ? 'permanent' : 'soft'))) continue
    if (numbers.length === all.length && permanent) await forgetSettings(store, subject)
    return numbers
  }
  throw new TidingsError(
    'engine_busy',
    `Schema subject "${subjectText(subject)}" was changed by others all the time. Try again.`,
  )
}

/** What was set for a schema subject that is gone holds for none that is registered under its name later. */
async function forgetSettings(store: SchemaStore, subject: SchemaSubject): Promise<void> {
  const state = await store.state(subject)
  if (state.config === undefined && state.mode === undefined) return
  if ((await store.versions(subject)).length > 0) return
  await store.saveSettings(state, { config: undefined, mode: undefined })
}

async function checkUnreferenced(
  store: SchemaStore,
  versions: readonly VersionEntry[],
  permanent: boolean,
): Promise<void> {
  const goes = new Set(versions.map(nameOf))
  for (const { subject, version } of versions) {
    const referrers = await store.referrers(subject, version)
    const staying = referrers.filter((each) => !goes.has(nameOf(each)) && (permanent || !each.deleted))
    if (staying.length === 0) continue
    throw new TidingsError(
      'schema_referenced',
      `Version ${version} of "${subjectText(subject)}" is referred to by ${listed(staying.map(nameOf))}. Delete those first.`,
    )
  }
}

function nameOf({ subject, version }: VersionEntry): string {
  return `version ${version} of "${subjectText(subject)}"`
}

function deletedSubject(subject: SchemaSubject): TidingsError {
  return new TidingsError(
    'schema_subject_deleted',
    `Schema subject "${subjectText(subject)}" is deleted already. Delete it permanently to have it gone.`,
  )
}

function deletedVersion(subject: SchemaSubject, version: number): TidingsError {
  return new TidingsError(
    'schema_version_deleted',
    `Version ${version} of "${subjectText(subject)}" is deleted already. Delete it permanently to have it gone.`,
  )
}

function subjectNotDeleted(subject: SchemaSubject): TidingsError {
  return new TidingsError(
    'schema_subject_not_deleted',
    `Schema subject "${subjectText(subject)}" still has versions. Delete it first without "permanent".`,
  )
}

function versionNotDeleted(subject: SchemaSubject, version: number): TidingsError {
  return new TidingsError(
    'schema_version_not_deleted',
    `Version ${version} of "${subjectText(subject)}" is in use. Delete it first without "permanent".`,
  )
}
