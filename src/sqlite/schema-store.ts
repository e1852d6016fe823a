import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  type NewVersion,
  registeredVersion,
  type SchemaStore,
  type SchemaSubject,
  type StoredSchema,
  type StoredVersion,
  type SubjectRevision,
  type SubjectSettings,
  type SubjectState,
  storedSchema,
  storedVersion,
  type VersionEntry,
} from '../schema/index.ts'
import { checkHas, createTables, openDatabase } from './database.ts'
import { reading } from './errors.ts'
import { SchemaWrites } from './schema-writes.ts'
import { rows } from './topic-table.ts'
import { type SqliteOptions, sqliteSettings } from './options.ts'
import { Writer } from './writer.ts'

type StateRow = readonly [
  revision: number,
  config: string | null,
  mode: NonNullable<SubjectState['mode']> | null,
]
type EntryRow = readonly [context: string, name: string, version: number, id: number, deleted: number]
type VersionRow = readonly [...EntryRow, guid: string, definition: string]
type SchemaRow = readonly [context: string, id: number, guid: string, definition: string]

/** Schemas in a SQLite file, which several processes may open at the same time. */
export class SqliteSchemaStore implements SchemaStore {
  readonly #writer: Writer
  readonly #writes: SchemaWrites
  readonly #state: StatementSync
  readonly #subjects: StatementSync
  readonly #versions: StatementSync
  readonly #version: StatementSync
  readonly #history: StatementSync
  readonly #withFingerprint: StatementSync
  readonly #byId: StatementSync
  readonly #byGuid: StatementSync
  readonly #usages: StatementSync
  readonly #referrers: StatementSync

  constructor(writer: Writer) {
    const { database } = writer
    this.#writer = writer
    this.#writes = new SchemaWrites(database)
    this.#state = rows(
      database,
      'SELECT revision, config, mode FROM tidings_schema_subject WHERE context = ? AND name = ?',
    )
    this.#subjects = rows(
      database,
      'SELECT context, name, min(deleted) FROM tidings_schema_version GROUP BY context, name ORDER BY context, name',
    )
    const entries = 'SELECT context, name, version, id, deleted FROM tidings_schema_version'
    this.#versions = rows(database, `${entries} WHERE context = ? AND name = ? ORDER BY version`)
    this.#usages = rows(database, `${entries} WHERE context = ? AND id = ? ORDER BY name, version`)
    const versions = `SELECT v.context, v.name, v.version, v.id, v.deleted, s.guid, s.definition
      FROM tidings_schema_version v JOIN tidings_schema s ON s.context = v.context AND s.id = v.id
      WHERE v.context = ? AND v.name = ?`
    this.#version = rows(database, `${versions} AND v.version = ?`)
    this.#history = rows(database, `${versions} AND v.version < ? ORDER BY v.version DESC LIMIT ?`)
    this.#withFingerprint = rows(
      database,
      `SELECT v.context, v.name, v.version, v.id, v.deleted, s.guid, s.definition
       FROM tidings_schema s CROSS JOIN tidings_schema_version v ON v.context = s.context AND v.id = s.id
       WHERE s.context = ?1 AND s.fingerprint = ?3 AND v.name = ?2 ORDER BY v.version DESC`,
    )
    const schemas = 'SELECT context, id, guid, definition FROM tidings_schema'
    this.#byId = rows(database, `${schemas} WHERE context = ? AND id = ?`)
    this.#byGuid = rows(database, `${schemas} WHERE guid = ? ORDER BY context`)
    this.#referrers = rows(
      database,
      `SELECT v.context, v.name, v.version, v.id, v.deleted
       FROM tidings_schema_reference r JOIN tidings_schema_version v ON v.context = r.context AND v.id = r.id
       WHERE r.to_context = ? AND r.to_name = ? AND r.to_version = ? ORDER BY v.context, v.name, v.version`,
    )
  }

  async state(subject: SchemaSubject): Promise<SubjectState> {
    const row = this.#one(this.#state, subject.context, subject.name) as StateRow | undefined
    const [revision, config, mode] = row ?? [0, null, null]
    return {
      subject,
      revision,
      config: config === null ? undefined : JSON.parse(config),
      mode: mode ?? undefined,
    }
  }

  saveSettings(expected: SubjectRevision, settings: SubjectSettings): Promise<boolean> {
    return this.#writer.write(() => this.#writes.saveSettings(expected, settings))
  }

  async register(added: NewVersion): Promise<StoredVersion | undefined> {
    const numbers = await this.#writer.write(() => this.#writes.register(added))
    return numbers && registeredVersion(added, numbers)
  }

  remove(
    expected: SubjectRevision,
    versions: readonly number[],
    how: 'soft' | 'permanent',
  ): Promise<boolean> {
    return this.#writer.write(() => this.#writes.remove(expected, versions, how))
  }

  async subjects(): ReturnType<SchemaStore['subjects']> {
    const found = this.#all(this.#subjects) as (readonly [string, string, number])[]
    return found.map(([context, name, deleted]) => ({ subject: { context, name }, deleted: deleted === 1 }))
  }

  async versions({ context, name }: SchemaSubject): Promise<readonly VersionEntry[]> {
    return (this.#all(this.#versions, context, name) as EntryRow[]).map(entryOf)
  }

  async version({ context, name }: SchemaSubject, version: number): Promise<StoredVersion | undefined> {
    const row = this.#one(this.#version, context, name, version) as VersionRow | undefined
    return row && versionOf(row)
  }

  async history(
    { context, name }: SchemaSubject,
    { before, limit }: { readonly before: number; readonly limit: number },
  ): Promise<readonly StoredVersion[]> {
    return (this.#all(this.#history, context, name, before, limit) as VersionRow[]).map(versionOf)
  }

  async withFingerprint(
    { context, name }: SchemaSubject,
    fingerprint: string,
  ): Promise<readonly StoredVersion[]> {
    return (this.#all(this.#withFingerprint, context, name, fingerprint) as VersionRow[]).map(versionOf)
  }

  async byId(context: string, id: number): Promise<StoredSchema | undefined> {
    const row = this.#one(this.#byId, context, id) as SchemaRow | undefined
    return row && schemaOf(row)
  }

  async byGuid(guid: string): Promise<readonly StoredSchema[]> {
    return (this.#all(this.#byGuid, guid) as SchemaRow[]).map(schemaOf)
  }

  async usages(context: string, id: number): Promise<readonly VersionEntry[]> {
    return (this.#all(this.#usages, context, id) as EntryRow[]).map(entryOf)
  }

  async referrers({ context, name }: SchemaSubject, version: number): Promise<readonly VersionEntry[]> {
    return (this.#all(this.#referrers, context, name, version) as EntryRow[]).map(entryOf)
  }

  async close(): Promise<void> {
    await this.#writer.settled()
    if (this.#writer.database.isOpen) this.#writer.database.close()
  }

  #one(statement: StatementSync, ...values: readonly (string | number)[]): unknown {
    return reading(this.#writer, () => statement.get(...values))
  }

  #all(statement: StatementSync, ...values: readonly (string | number)[]): unknown {
    return reading(this.#writer, () => statement.all(...values))
  }
}

/**
 * Opens a SQLite file as a store of schemas, creating it where there is none; a log may be in the same file. For the
 * start of a program: while another process holds the lock of the file it blocks, for up to `limits.busyMs`.
 * @throws `file_missing` with `create: false`, `file_not_ours`, `file_read_only`, `file_version`, `storage_full`, `not_durable`, `engine_unreachable`.
 */
export function sqliteSchemaStore(file: string, options: SqliteOptions = {}): SchemaStore {
  const { clock, random, create } = sqliteSettings('sqliteSchemaStore()', options)
  if (!create) checkHas(file, 'schemas')
  const database: DatabaseSync = openDatabase(file)
  try {
    createTables(database, file, ['schemas'])
    return new SqliteSchemaStore(new Writer(database, file, clock, random))
  } catch (error) {
    database.close()
    throw error
  }
}

function entryOf([context, name, version, id, deleted]: EntryRow): VersionEntry {
  return { subject: { context, name }, version, id, deleted: deleted === 1 }
}

function versionOf([context, name, version, id, deleted, guid, definition]: VersionRow): StoredVersion {
  return storedVersion({ context, name, version, id, deleted: deleted === 1, guid, definition })
}

function schemaOf([context, id, guid, definition]: SchemaRow): StoredSchema {
  return storedSchema({ context, id, guid, definition })
}
