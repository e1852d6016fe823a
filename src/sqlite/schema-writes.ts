import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { NewVersion, SchemaSubject, SubjectRevision, SubjectSettings } from '../schema/index.ts'
import { rows } from './topic-table.ts'

/** Changes schemas through one connection, inside a transaction that is already open: under the lock of the file. */
export class SchemaWrites {
  readonly #revision: StatementSync
  readonly #touch: StatementSync
  readonly #saveSettings: StatementSync
  readonly #lastVersion: StatementSync
  readonly #hasVersion: StatementSync
  readonly #addVersion: StatementSync
  readonly #idOf: StatementSync
  readonly #hasId: StatementSync
  readonly #lastId: StatementSync
  readonly #saveLastId: StatementSync
  readonly #addSchema: StatementSync
  readonly #addReference: StatementSync
  readonly #markDeleted: StatementSync
  readonly #removeVersion: StatementSync
  readonly #removeSchema: StatementSync
  readonly #removeReferences: StatementSync

  constructor(database: DatabaseSync) {
    const ofSubject = 'FROM tidings_schema_subject WHERE context = ? AND name = ?'
    this.#revision = rows(database, `SELECT revision ${ofSubject}`)
    this.#touch = database.prepare(
      `INSERT INTO tidings_schema_subject (context, name, revision) VALUES (?, ?, 1)
       ON CONFLICT DO UPDATE SET revision = revision + 1`,
    )
    this.#saveSettings = database.prepare(
      'UPDATE tidings_schema_subject SET config = ?, mode = ? WHERE context = ? AND name = ?',
    )
    const ofVersion = 'FROM tidings_schema_version WHERE context = ? AND name = ?'
    this.#lastVersion = rows(database, `SELECT max(version) ${ofVersion}`)
    this.#hasVersion = rows(database, `SELECT 1 ${ofVersion} AND version = ?`)
    this.#addVersion = database.prepare(
      'INSERT INTO tidings_schema_version (context, name, version, id, deleted) VALUES (?, ?, ?, ?, 0)',
    )
    this.#idOf = rows(database, 'SELECT id FROM tidings_schema WHERE guid = ? AND context = ?')
    this.#hasId = rows(database, 'SELECT 1 FROM tidings_schema WHERE context = ? AND id = ?')
    this.#lastId = rows(
      database,
      `SELECT last_id FROM tidings_schema_subject WHERE context = ? AND name = ''`,
    )
    this.#saveLastId = database.prepare(
      `INSERT INTO tidings_schema_subject (context, name, revision, last_id) VALUES (?, '', 0, ?)
       ON CONFLICT DO UPDATE SET last_id = excluded.last_id`,
    )
    this.#addSchema = database.prepare(
      'INSERT INTO tidings_schema (context, id, guid, fingerprint, definition) VALUES (?, ?, ?, ?, ?)',
    )
    this.#addReference = database.prepare(
      `INSERT INTO tidings_schema_reference (to_context, to_name, to_version, context, id) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
    )
    this.#markDeleted = database.prepare(
      'UPDATE tidings_schema_version SET deleted = 1 WHERE context = ? AND name = ? AND version = ?',
    )
    this.#removeVersion = rows(
      database,
      'DELETE FROM tidings_schema_version WHERE context = ? AND name = ? AND version = ? RETURNING id',
    )
    this.#removeSchema = database.prepare(
      `DELETE FROM tidings_schema WHERE context = ?1 AND id = ?2
       AND NOT EXISTS (SELECT 1 FROM tidings_schema_version WHERE context = ?1 AND id = ?2)`,
    )
    this.#removeReferences = database.prepare(
      'DELETE FROM tidings_schema_reference WHERE context = ? AND id = ?',
    )
  }

  saveSettings(expected: SubjectRevision, { config, mode }: SubjectSettings): boolean {
    if (!this.#isAt(expected)) return false
    const { context, name } = expected.subject
    this.#touch.run(context, name)
    this.#saveSettings.run(config === undefined ? null : JSON.stringify(config), mode ?? null, context, name)
    return true
  }

  /** The numbers of the new version; undefined when what was expected has changed, or a number is taken. */
  register(added: NewVersion): { readonly version: number; readonly id: number } | undefined {
    const { subject, references } = added
    const { context, name } = subject
    if (!added.expected.every((each) => this.#isAt(each))) return undefined
    const version = added.version ?? this.#nextVersion(subject)
    if (this.#hasVersion.get(context, name, version) !== undefined) return undefined
    const id = this.#idFor(added)
    if (id === undefined) return undefined
    this.#addVersion.run(context, name, version, id)
    this.#touch.run(context, name)
    for (const each of references) this.#touch.run(each.subject.context, each.subject.name)
    return { version, id }
  }

  remove(expected: SubjectRevision, versions: readonly number[], how: 'soft' | 'permanent'): boolean {
    if (!this.#isAt(expected)) return false
    const { context, name } = expected.subject
    this.#touch.run(context, name)
    for (const version of versions) {
      if (how === 'soft') this.#markDeleted.run(context, name, version)
      else this.#removeForGood(expected.subject, version)
    }
    return true
  }

  #removeForGood({ context, name }: SchemaSubject, version: number): void {
    const [id] = (this.#removeVersion.get(context, name, version) ?? []) as readonly number[]
    if (id === undefined) return
    if (this.#removeSchema.run(context, id).changes > 0) this.#removeReferences.run(context, id)
  }

  #isAt({ subject: { context, name }, revision }: SubjectRevision): boolean {
    const row = this.#revision.get(context, name) as readonly number[] | undefined
    return (row?.[0] ?? 0) === revision
  }

  #nextVersion({ context, name }: SchemaSubject): number {
    const [last] = this.#lastVersion.get(context, name) as unknown as readonly [number | null]
    return (last ?? 0) + 1
  }

  /** The id that the content has in its context, or has from now on; undefined when the id stands for other content. */
  #idFor({
    subject: { context },
    definition,
    guid,
    fingerprint,
    references,
    id: wanted,
  }: NewVersion): number | undefined {
    const [same] = (this.#idOf.get(guid, context) ?? []) as readonly number[]
    if (same !== undefined) return wanted === undefined || wanted === same ? same : undefined
    const [last] = (this.#lastId.get(context) ?? [null]) as readonly (number | null)[]
    const id = wanted ?? (last ?? 0) + 1
    if (this.#hasId.get(context, id) !== undefined) return undefined
    this.#saveLastId.run(context, Math.max(last ?? 0, id))
    this.#addSchema.run(context, id, guid, fingerprint, JSON.stringify(definition))
    for (const { subject, version } of references) {
      this.#addReference.run(subject.context, subject.name, version, context, id)
    }
    return id
  }
}
