import type {
  CompatibilitySettings,
  IdentifiedSchema,
  RegisteredSchema,
  SchemaDefinition,
} from '../schema-registry.ts'
import type { RegistryMode } from './mode.ts'
import type { SchemaSubject } from './schema-subject.ts'

/** Settings as clients know them: those that a registry reads, and others that it keeps for them. */
export interface RegistryConfig extends CompatibilitySettings {
  /** The schema subject that the server takes instead of this one. */
  readonly alias?: string | undefined
  readonly [field: string]: unknown
}

/** What is set for a schema subject (or, without a name, a context) itself. */
export interface SubjectSettings {
  readonly config: RegistryConfig | undefined
  readonly mode: RegistryMode | undefined
}

/** Counts the changes of a schema subject: of its versions, its settings, and of what refers to it. 0 before the first. */
export interface SubjectRevision {
  readonly subject: SchemaSubject
  readonly revision: number
}

export interface SubjectState extends SubjectSettings, SubjectRevision {}

export interface StoredSchema extends IdentifiedSchema {
  readonly id: number
  readonly context: string
}

export interface StoredVersion extends RegisteredSchema {
  readonly id: number
  /** Deleted softly: not listed, not compared with, but still readable and still counted. */
  readonly deleted: boolean
}

export interface VersionEntry {
  readonly subject: SchemaSubject
  readonly version: number
  readonly id: number
  readonly deleted: boolean
}

export interface NewVersion {
  readonly subject: SchemaSubject
  readonly definition: SchemaDefinition
  /** Names the content with its metadata and rules: within a context, one id for each. */
  readonly guid: string
  /** Names the schema and its references alone. */
  readonly fingerprint: string
  /** What the decision was made on; each must still be as it was. */
  readonly expected: readonly SubjectRevision[]
  /** The versions that the schema refers to. Each counts this as a change of its schema subject. */
  readonly references: readonly { readonly subject: SchemaSubject; readonly version: number }[]
  /** Only when schemas are copied from another registry: the numbers that it has there. */
  readonly version?: number | undefined
  readonly id?: number | undefined
}

/**
 * Where a registry keeps its schemas. It stores and finds; what is allowed is decided above it, and every write says
 * on which revisions that was decided, so that of two processes that decide at the same time only one writes.
 * A write that is fulfilled is durable, and there whole or not at all.
 */
export interface SchemaStore {
  state(subject: SchemaSubject): Promise<SubjectState>

  /** Replaces the settings; false, and nothing done, when the schema subject has changed since `revision`. */
  saveSettings(expected: SubjectRevision, settings: SubjectSettings): Promise<boolean>

  /**
   * Adds a version: the number after the highest, deleted ones included, and the id that the content has in its context,
   * or the next. Ids are never given again. Undefined, and nothing done, when what was expected has changed, or when
   * the number is taken, or the id by other content.
   */
  register(version: NewVersion): Promise<StoredVersion | undefined>

  /**
   * Deletes versions softly or for good; those that are not there are passed over. Content that no version has any more
   * is gone with the last. False, and nothing done, when the schema subject has changed since `revision`.
   */
  remove(expected: SubjectRevision, versions: readonly number[], how: 'soft' | 'permanent'): Promise<boolean>

  /** Every schema subject that has versions, by context and name; `deleted` when all of them are. */
  subjects(): Promise<readonly { readonly subject: SchemaSubject; readonly deleted: boolean }[]>

  /** All versions, deleted ones too, ascending. */
  versions(subject: SchemaSubject): Promise<readonly VersionEntry[]>

  version(subject: SchemaSubject, version: number): Promise<StoredVersion | undefined>

  /** Versions, deleted ones too, from the newest down: those before a number, at most `limit`. */
  history(
    subject: SchemaSubject,
    page: { readonly before: number; readonly limit: number },
  ): Promise<readonly StoredVersion[]>

  /** Versions of a schema subject with this schema, deleted ones too, from the newest down. */
  withFingerprint(subject: SchemaSubject, fingerprint: string): Promise<readonly StoredVersion[]>

  byId(context: string, id: number): Promise<StoredSchema | undefined>

  /** The content wherever it is: once for each context, by its name. */
  byGuid(guid: string): Promise<readonly StoredSchema[]>

  /** The versions that have an id, deleted ones too, by name and number. */
  usages(context: string, id: number): Promise<readonly VersionEntry[]>

  /** The versions whose schema refers to this one, deleted ones too, by context, name and number. */
  referrers(subject: SchemaSubject, version: number): Promise<readonly VersionEntry[]>

  close(): Promise<void>
}
