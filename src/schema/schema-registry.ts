import type { CompatibilityLevel } from './compatibility/index.ts'

export { type CompatibilityLevel, compatibilityLevels } from './compatibility/index.ts'

/** The languages of schemas that a registry may hold. PROTOBUF is known to clients and refused by ours. */
export type SchemaType = 'JSON' | 'AVRO' | 'PROTOBUF'

/** A name inside a schema (what its `$ref` says, or an Avro type) and the version that is meant by it. */
export interface SchemaReference {
  readonly name: string
  readonly subject: string
  readonly version: number
}

/** What is registered: the text of a schema and what belongs to it. Kept as it is, byte for byte. */
export interface SchemaDefinition {
  readonly schemaType: SchemaType
  /** The schema as text: JSON, for both JSON Schema and Avro. */
  readonly schema: string
  readonly references?: readonly SchemaReference[] | undefined
  /** `properties` is what `compatibilityGroup` and looking for the newest with a property read. */
  readonly metadata?: SchemaMetadata | undefined
  /** Rules that clients run; a registry keeps them and does nothing with them. */
  readonly ruleSet?: Readonly<Record<string, unknown>> | undefined
}

export interface SchemaMetadata {
  readonly properties?: Readonly<Record<string, string>> | undefined
  readonly [field: string]: unknown
}

/** What a registry calls a schema: a number or a GUID. AWS Glue has GUIDs alone, one for each version. */
export type SchemaId = number | string

/** A definition under its schema id: the same content has one id, whatever schema subjects it is registered under. */
export interface IdentifiedSchema extends SchemaDefinition {
  readonly id: SchemaId
  /** Follows from the content alone, the same in every registry of this kind; in AWS Glue the id. */
  readonly guid: string
}

/** A definition as a version of a schema subject. Versions are counted from 1; one never changes. */
export interface RegisteredSchema extends IdentifiedSchema {
  readonly schemaSubject: string
  readonly version: number
}

/** What is set for a schema subject or for all. Left out: what holds for all, and in the end BACKWARD and STRICT. */
export interface CompatibilitySettings {
  readonly compatibilityLevel?: CompatibilityLevel | undefined
  /** LENIENT also allows an optional property to be added to an open object, as Tidings' own schema subjects do. */
  readonly compatibilityPolicy?: 'STRICT' | 'LENIENT' | undefined
  /** The name of a metadata property: versions are compared only with those that have the same value in it. */
  readonly compatibilityGroup?: string | undefined
}

export interface RegistryVerdict {
  readonly compatible: boolean
  /** Why not, one sentence each: which change, where, and what would make it pass. */
  readonly reasons: readonly string[]
}

/**
 * What a service needs of a schema registry, whether it runs inside the process or behind HTTP. A name of a schema
 * subject may begin with a context, as in `:.staging:com.example.orders.created`.
 */
export interface SchemaRegistry {
  /**
   * The definition as a version of the schema subject: a new one, or the one that has this content already. Fulfilled
   * means stored. Of several that conflict and come at the same time, one is registered.
   * @throws `schema_invalid`, `schema_unsupported` · `schema_incompatible` with the reasons · `name_invalid` ·
   * `registry_read_only` · `limit_exceeded`.
   */
  register(schemaSubject: string, definition: SchemaDefinition): Promise<RegisteredSchema>

  /** The version that has this content, however its JSON is laid out; undefined when there is none. */
  lookUp(schemaSubject: string, definition: SchemaDefinition): Promise<RegisteredSchema | undefined>

  /** What a number or a GUID stands for, which never changes; undefined when it stands for nothing. */
  byId(id: SchemaId): Promise<IdentifiedSchema | undefined>

  /** Every schema subject that has versions, by name; those of other contexts with their context before them. */
  schemaSubjects(): Promise<readonly string[]>

  /** The numbers of all versions, ascending; empty when there is no such schema subject. */
  versions(schemaSubject: string): Promise<readonly number[]>

  /** One version, or the newest; undefined when there is none. */
  version(schemaSubject: string, version: number | 'latest'): Promise<RegisteredSchema | undefined>

  /** Whether the definition could be registered now, by the settings of the schema subject. Nothing is stored. */
  check(schemaSubject: string, definition: SchemaDefinition): Promise<RegistryVerdict>

  /** What is set for this schema subject itself; undefined when nothing is. */
  settings(schemaSubject: string): Promise<CompatibilitySettings | undefined>

  /** Sets what is given and leaves the rest as it is. The versions that are there are not looked at. */
  configure(schemaSubject: string, settings: CompatibilitySettings): Promise<void>

  /** Lets go of what it has open. */
  close(): Promise<void>
}
