import { limits, TidingsError, Turns } from '../../kernel/index.ts'
import type {
  CompatibilitySettings,
  IdentifiedSchema,
  RegisteredSchema,
  RegistryVerdict,
  SchemaDefinition,
  SchemaId,
  SchemaRegistry,
} from '../schema-registry.ts'
import { missingVersion } from './absent.ts'
import { candidateOf, resolveCandidate, sameVersion } from './candidate.ts'
import { checkCandidate, compareWith } from './check-candidate.ts'
import { type Deletion, deleteSubject, deleteVersion } from './deletion.ts'
import { newestWhere } from './history.ts'
import { type GivenNumbers, register } from './registration.ts'
import type { SchemaStore, StoredVersion, SubjectSettings, SubjectState } from './schema-store.ts'
import { defaultContext, type SchemaSubject, schemaSubjectOf, subjectText } from './schema-subject.ts'
import { type RulesOf, rulesOf } from './schema-types.ts'
import { type Scope, scopeOf } from './scope.ts'

/** A registry inside this process, over a store: all that the registry server offers, without HTTP. */
export class EmbeddedRegistry implements SchemaRegistry {
  readonly store: SchemaStore
  /** Those of one process need not run into each other to find out who is first. */
  readonly #turns = new Turns()

  readonly #rulesOf: RulesOf

  /** @param findRules how schemas of a type are checked: by default at once, in this thread. */
  constructor(store: SchemaStore, findRules: RulesOf = rulesOf) {
    this.store = store
    this.#rulesOf = findRules
  }

  /**
   * @param given the numbers of the version elsewhere, in mode IMPORT only.
   * @throws as {@link SchemaRegistry.register}, and `schema_number_taken`.
   */
  register(
    schemaSubject: string,
    definition: SchemaDefinition,
    given: GivenNumbers = {},
  ): Promise<RegisteredSchema> {
    const subject = schemaSubjectOf(schemaSubject)
    return this.#turns.run(subjectText(subject), () =>
      register(this.store, candidateOf(subject, definition, this.#rulesOf), given),
    )
  }

  async lookUp(
    schemaSubject: string,
    definition: SchemaDefinition,
    { deleted = false }: { readonly deleted?: boolean | undefined } = {},
  ): Promise<StoredVersion | undefined> {
    const candidate = candidateOf(schemaSubjectOf(schemaSubject), definition, this.#rulesOf)
    const versions = await this.store.withFingerprint(candidate.subject, candidate.fingerprint)
    return sameVersion(
      candidate,
      versions.filter((version) => deleted || !version.deleted),
    )
  }

  async byId(id: SchemaId, context: string = defaultContext): Promise<IdentifiedSchema | undefined> {
    if (typeof id === 'number') return this.store.byId(context, id)
    return (await this.store.byGuid(id)).find((schema) => schema.context === context)
  }

  async schemaSubjects(): Promise<readonly string[]> {
    const subjects = (await this.store.subjects()).filter(({ deleted }) => !deleted)
    return subjects.map(({ subject }) => subjectText(subject)).toSorted()
  }

  async versions(schemaSubject: string): Promise<readonly number[]> {
    const entries = await this.store.versions(schemaSubjectOf(schemaSubject))
    return entries.filter(({ deleted }) => !deleted).map(({ version }) => version)
  }

  async version(
    schemaSubject: string,
    version: number | 'latest',
    { deleted = false }: { readonly deleted?: boolean | undefined } = {},
  ): Promise<StoredVersion | undefined> {
    const subject = schemaSubjectOf(schemaSubject)
    if (version === 'latest') return this.newestWhere(schemaSubject, () => true, { deleted })
    const found = await this.store.version(subject, version)
    return found?.deleted && !deleted ? undefined : found
  }

  /** The newest version that fits; undefined when none does. */
  newestWhere(
    schemaSubject: string,
    fits: (version: StoredVersion) => boolean,
    { deleted = false }: { readonly deleted?: boolean | undefined } = {},
  ): Promise<StoredVersion | undefined> {
    const subject = schemaSubjectOf(schemaSubject)
    return newestWhere(this.store, subject, (each) => (deleted || !each.deleted) && fits(each))
  }

  /** What holds for a schema subject or a context: its own settings before the wider ones. */
  inForce(subject: SchemaSubject): Promise<Scope> {
    return scopeOf(this.store, subject)
  }

  /**
   * @param against one version to compare with instead of those that the level asks for.
   * @throws as {@link SchemaRegistry.check}, and `schema_version_missing`.
   */
  async check(
    schemaSubject: string,
    definition: SchemaDefinition,
    against?: number | 'latest',
  ): Promise<RegistryVerdict> {
    const subject = schemaSubjectOf(schemaSubject)
    const candidate = await resolveCandidate(this.store, candidateOf(subject, definition, this.#rulesOf))
    const scope = await scopeOf(this.store, subject)
    if (against === undefined) return checkCandidate(this.store, candidate, scope)
    const version = await this.version(schemaSubject, against)
    if (version !== undefined) return compareWith(this.store, version, candidate, scope)
    if ((await this.versions(schemaSubject)).length === 0) return { compatible: true, reasons: [] }
    throw missingVersion(schemaSubject, against)
  }

  async settings(schemaSubject: string): Promise<CompatibilitySettings | undefined> {
    const { config } = await this.store.state(schemaSubjectOf(schemaSubject))
    return config
  }

  async configure(schemaSubject: string, settings: CompatibilitySettings): Promise<void> {
    const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
    await this.change(schemaSubjectOf(schemaSubject), ({ config, mode }) => ({
      config: { ...config, ...given },
      mode,
    }))
  }

  /** Changes what is set for a schema subject or a context, from what it is to what `change` makes of it. */
  async change(subject: SchemaSubject, change: (state: SubjectState) => SubjectSettings): Promise<void> {
    for (let attempt = 1; attempt <= limits.schemaRegisterAttempts; attempt++) {
      const state = await this.store.state(subject)
      if (await this.store.saveSettings(state, change(state))) return
    }
    throw new TidingsError(
      'engine_busy',
      `The settings of "${subjectText(subject)}" were changed by others all the time. Try again.`,
    )
  }

  /** Deletes all versions. Returns their numbers. @throws as {@link deleteVersion} */
  deleteSubject(schemaSubject: string, deletion: Deletion): Promise<readonly number[]> {
    return deleteSubject(this.store, schemaSubjectOf(schemaSubject), deletion)
  }

  /**
   * Deletes one version: softly, or for good what was deleted softly. Returns its number.
   * @throws `schema_subject_missing`, `schema_version_missing` · `schema_subject_deleted`, `schema_version_deleted` when it
   * is deleted already · `schema_subject_not_deleted`, `schema_version_not_deleted` · `schema_referenced` · `registry_read_only`.
   */
  deleteVersion(schemaSubject: string, version: number | 'latest', deletion: Deletion): Promise<number> {
    return deleteVersion(this.store, schemaSubjectOf(schemaSubject), version, deletion)
  }

  close(): Promise<void> {
    return this.store.close()
  }
}

/** A registry inside this process. Several may share a store, also from several processes. */
export function embeddedRegistry(store: SchemaStore, findRules?: RulesOf): EmbeddedRegistry {
  return new EmbeddedRegistry(store, findRules)
}
