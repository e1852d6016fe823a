import {
  type NewVersion,
  registeredVersion,
  type SchemaRow,
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
import { Database, type PostgresOptions } from './database.ts'
import { SchemaWrites } from './schema-writes.ts'
import type { PostgresSource } from './source.ts'
import { optionalText, type Row } from './sql.ts'

/** Schemas in PostgreSQL. Changes are made one after the other, of all processes. */
export function postgresSchemaStore(source: PostgresSource, options: PostgresOptions = {}): SchemaStore {
  return new PostgresSchemaStore(new Database(source, options, 'postgresSchemaStore()'))
}

class PostgresSchemaStore implements SchemaStore {
  readonly #database: Database
  readonly #entries: string
  readonly #versions: string
  readonly #contents: string

  constructor(database: Database) {
    const { schema } = database
    this.#database = database
    this.#entries = `SELECT context, name, version, id, deleted FROM ${schema}.schema_version`
    this.#versions = `SELECT v.context, v.name, v.version, v.id, v.deleted, c.guid, c.definition
      FROM ${schema}.schema_version v JOIN ${schema}.schema_content c ON c.context = v.context AND c.id = v.id
      WHERE v.context = $1 AND v.name = $2`
    this.#contents = `SELECT context, id, guid, definition FROM ${schema}.schema_content`
  }

  async state(subject: SchemaSubject): Promise<SubjectState> {
    const [row] = await this.#rows(
      `SELECT revision, config, mode FROM ${this.#database.schema}.schema_subject WHERE context = $1 AND name = $2`,
      subject.context,
      subject.name,
    )
    const config = optionalText(row?.['config'])
    const mode = optionalText(row?.['mode'])
    return {
      subject,
      revision: Number(row?.['revision'] ?? 0),
      config: config === undefined ? undefined : JSON.parse(config),
      mode: mode as SubjectState['mode'],
    }
  }

  saveSettings(expected: SubjectRevision, settings: SubjectSettings): Promise<boolean> {
    return this.#write((writes) => writes.saveSettings(expected, settings))
  }

  async register(added: NewVersion): Promise<StoredVersion | undefined> {
    const numbers = await this.#write((writes) => writes.register(added))
    return numbers && registeredVersion(added, numbers)
  }

  remove(
    expected: SubjectRevision,
    versions: readonly number[],
    how: 'soft' | 'permanent',
  ): Promise<boolean> {
    return this.#write((writes) => writes.remove(expected, versions, how))
  }

  async subjects(): ReturnType<SchemaStore['subjects']> {
    const rows = await this.#rows(
      `SELECT context, name, bool_and(deleted) AS deleted FROM ${this.#database.schema}.schema_version
       GROUP BY context, name ORDER BY context, name`,
    )
    return rows.map((row) => ({ subject: subjectOf(row), deleted: row['deleted'] === true }))
  }

  async versions({ context, name }: SchemaSubject): Promise<readonly VersionEntry[]> {
    const rows = await this.#rows(
      `${this.#entries} WHERE context = $1 AND name = $2 ORDER BY version`,
      context,
      name,
    )
    return rows.map(entryOf)
  }

  async version({ context, name }: SchemaSubject, version: number): Promise<StoredVersion | undefined> {
    const [row] = await this.#rows(`${this.#versions} AND v.version = $3`, context, name, version)
    return row && versionOf(row)
  }

  async history(
    { context, name }: SchemaSubject,
    { before, limit }: { readonly before: number; readonly limit: number },
  ): Promise<readonly StoredVersion[]> {
    const page = `${this.#versions} AND v.version < $3::bigint ORDER BY v.version DESC LIMIT $4`
    return (await this.#rows(page, context, name, before, limit)).map(versionOf)
  }

  async withFingerprint(
    { context, name }: SchemaSubject,
    fingerprint: string,
  ): Promise<readonly StoredVersion[]> {
    const same = `${this.#versions} AND c.fingerprint = $3 ORDER BY v.version DESC`
    return (await this.#rows(same, context, name, fingerprint)).map(versionOf)
  }

  async byId(context: string, id: number): Promise<StoredSchema | undefined> {
    const [row] = await this.#rows(`${this.#contents} WHERE context = $1 AND id = $2::bigint`, context, id)
    return row && schemaOf(row)
  }

  async byGuid(guid: string): Promise<readonly StoredSchema[]> {
    return (await this.#rows(`${this.#contents} WHERE guid = $1 ORDER BY context`, guid)).map(schemaOf)
  }

  async usages(context: string, id: number): Promise<readonly VersionEntry[]> {
    const rows = await this.#rows(
      `${this.#entries} WHERE context = $1 AND id = $2::bigint ORDER BY name, version`,
      context,
      id,
    )
    return rows.map(entryOf)
  }

  async referrers({ context, name }: SchemaSubject, version: number): Promise<readonly VersionEntry[]> {
    const { schema } = this.#database
    const rows = await this.#rows(
      `SELECT v.context, v.name, v.version, v.id, v.deleted
       FROM ${schema}.schema_reference r JOIN ${schema}.schema_version v ON v.context = r.context AND v.id = r.id
       WHERE r.to_context = $1 AND r.to_name = $2 AND r.to_version = $3::bigint
       ORDER BY v.context, v.name, v.version`,
      context,
      name,
      version,
    )
    return rows.map(entryOf)
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  #rows(text: string, ...values: readonly unknown[]): Promise<readonly Row[]> {
    return this.#database.query(text, values)
  }

  #write<Result>(change: (writes: SchemaWrites) => Promise<Result>): Promise<Result> {
    const { schema, schemaName } = this.#database
    return this.#database.transaction(async (tx) => {
      const lock = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))'
      await tx.query(lock, [`tidings schemas ${schemaName}`])
      return change(new SchemaWrites(tx, schema))
    })
  }
}

function subjectOf(row: Row): SchemaSubject {
  return { context: String(row['context']), name: String(row['name']) }
}

function entryOf(row: Row): VersionEntry {
  return {
    subject: subjectOf(row),
    version: Number(row['version']),
    id: Number(row['id']),
    deleted: row['deleted'] === true,
  }
}

function versionOf(row: Row): StoredVersion {
  return storedVersion({
    ...contentOf(row),
    name: String(row['name']),
    version: Number(row['version']),
    deleted: row['deleted'] === true,
  })
}

function schemaOf(row: Row): StoredSchema {
  return storedSchema(contentOf(row))
}

function contentOf(row: Row): SchemaRow {
  return {
    context: String(row['context']),
    id: Number(row['id']),
    guid: String(row['guid']),
    definition: String(row['definition']),
  }
}
