import type { NewVersion, SchemaSubject, SubjectRevision, SubjectSettings } from '../schema/index.ts'
import type { PostgresQuery } from './query.ts'
import { optionalNumber, type Row, rowsOf } from './sql.ts'

/** Changes schemas inside a transaction that has the lock of all of them. */
export class SchemaWrites {
  readonly #tx: PostgresQuery
  readonly #schema: string

  constructor(tx: PostgresQuery, schema: string) {
    this.#tx = tx
    this.#schema = schema
  }

  async saveSettings(expected: SubjectRevision, { config, mode }: SubjectSettings): Promise<boolean> {
    if (!(await this.#isAt(expected))) return false
    const { context, name } = expected.subject
    await this.#touch(expected.subject)
    await this.#tx.query(
      `UPDATE ${this.#schema}.schema_subject SET config = $3, mode = $4 WHERE context = $1 AND name = $2`,
      [context, name, config === undefined ? null : JSON.stringify(config), mode ?? null],
    )
    return true
  }

  /** The numbers of the new version; undefined when what was expected has changed, or a number is taken. */
  async register(added: NewVersion): Promise<{ readonly version: number; readonly id: number } | undefined> {
    const { subject, references } = added
    const { context, name } = subject
    for (const each of added.expected) if (!(await this.#isAt(each))) return undefined
    const version = added.version ?? (await this.#nextVersion(subject))
    const ofVersion = `FROM ${this.#schema}.schema_version WHERE context = $1 AND name = $2 AND version = $3`
    const [taken] = await this.#rows(`SELECT 1 ${ofVersion}`, context, name, version)
    if (taken !== undefined) return undefined
    const id = await this.#idFor(added)
    if (id === undefined) return undefined
    await this.#tx.query(
      `INSERT INTO ${this.#schema}.schema_version (context, name, version, id) VALUES ($1, $2, $3, $4)`,
      [context, name, version, id],
    )
    await this.#touch(subject)
    for (const each of references) await this.#touch(each.subject)
    return { version, id }
  }

  async remove(
    expected: SubjectRevision,
    versions: readonly number[],
    how: 'soft' | 'permanent',
  ): Promise<boolean> {
    if (!(await this.#isAt(expected))) return false
    const { context, name } = expected.subject
    await this.#touch(expected.subject)
    const ofVersions = 'WHERE context = $1 AND name = $2 AND version = ANY ($3::integer[])'
    if (how === 'soft') {
      await this.#rows(
        `UPDATE ${this.#schema}.schema_version SET deleted = true ${ofVersions}`,
        context,
        name,
        versions,
      )
      return true
    }
    const gone = await this.#rows(
      `DELETE FROM ${this.#schema}.schema_version ${ofVersions} RETURNING id`,
      context,
      name,
      versions,
    )
    await this.#removeUnused(
      context,
      gone.map((row) => Number(row['id'])),
    )
    return true
  }

  /** Content that no version has any more goes, with what it refers to. */
  async #removeUnused(context: string, ids: readonly number[]): Promise<void> {
    const unused = await this.#rows(
      `DELETE FROM ${this.#schema}.schema_content c WHERE c.context = $1 AND c.id = ANY ($2::integer[])
       AND NOT EXISTS (SELECT FROM ${this.#schema}.schema_version v WHERE v.context = c.context AND v.id = c.id)
       RETURNING c.id`,
      context,
      ids,
    )
    await this.#rows(
      `DELETE FROM ${this.#schema}.schema_reference WHERE context = $1 AND id = ANY ($2::integer[])`,
      context,
      unused.map((row) => Number(row['id'])),
    )
  }

  async #isAt({ subject: { context, name }, revision }: SubjectRevision): Promise<boolean> {
    const [row] = await this.#rows(
      `SELECT revision FROM ${this.#schema}.schema_subject WHERE context = $1 AND name = $2`,
      context,
      name,
    )
    return Number(row?.['revision'] ?? 0) === revision
  }

  async #touch({ context, name }: SchemaSubject): Promise<void> {
    await this.#tx.query(
      `INSERT INTO ${this.#schema}.schema_subject AS s (context, name, revision) VALUES ($1, $2, 1)
       ON CONFLICT (context, name) DO UPDATE SET revision = s.revision + 1`,
      [context, name],
    )
  }

  async #nextVersion({ context, name }: SchemaSubject): Promise<number> {
    const [row] = await this.#rows(
      `SELECT max(version) AS last FROM ${this.#schema}.schema_version WHERE context = $1 AND name = $2`,
      context,
      name,
    )
    return (optionalNumber(row?.['last']) ?? 0) + 1
  }

  /** The id that the content has in its context, or has from now on; undefined when the id stands for other content. */
  async #idFor({
    subject: { context },
    definition,
    guid,
    fingerprint,
    references,
    id: wanted,
  }: NewVersion): Promise<number | undefined> {
    const content = `FROM ${this.#schema}.schema_content WHERE context = $1`
    const [known] = await this.#rows(`SELECT id ${content} AND guid = $2`, context, guid)
    const same = known && Number(known['id'])
    if (same !== undefined) return wanted === undefined || wanted === same ? same : undefined
    const [ofContext] = await this.#rows(
      `SELECT last_id FROM ${this.#schema}.schema_subject WHERE context = $1 AND name = ''`,
      context,
    )
    const last = (ofContext && optionalNumber(ofContext['last_id'])) ?? 0
    const id = wanted ?? last + 1
    const [taken] = await this.#rows(`SELECT 1 ${content} AND id = $2`, context, id)
    if (taken !== undefined) return undefined
    await this.#tx.query(
      `INSERT INTO ${this.#schema}.schema_subject (context, name, revision, last_id) VALUES ($1, '', 0, $2)
       ON CONFLICT (context, name) DO UPDATE SET last_id = excluded.last_id`,
      [context, Math.max(last, id)],
    )
    await this.#tx.query(
      `INSERT INTO ${this.#schema}.schema_content (context, id, guid, fingerprint, definition)
       VALUES ($1, $2, $3, $4, $5)`,
      [context, id, guid, fingerprint, JSON.stringify(definition)],
    )
    for (const { subject, version } of references) {
      await this.#tx.query(
        `INSERT INTO ${this.#schema}.schema_reference (to_context, to_name, to_version, context, id)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
        [subject.context, subject.name, version, context, id],
      )
    }
    return id
  }

  #rows(text: string, ...values: readonly unknown[]): Promise<readonly Row[]> {
    return rowsOf(this.#tx, text, values)
  }
}
