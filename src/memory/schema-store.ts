import {
  type NewVersion,
  type SchemaStore,
  type SchemaSubject,
  type StoredSchema,
  type StoredVersion,
  type SubjectRevision,
  type SubjectSettings,
  type SubjectState,
  subjectText,
  type VersionEntry,
} from '../schema/index.ts'

/** What is kept of one schema subject, or of the settings of a context. */
interface Subject extends SubjectSettings {
  readonly subject: SchemaSubject
  readonly revision: number
  readonly versions: readonly Version[]
}

interface Version {
  readonly version: number
  readonly deleted: boolean
  readonly content: Content
}

interface Content extends StoredSchema {
  readonly fingerprint: string
  /** The versions that it refers to. */
  readonly targets: ReadonlySet<string>
}

/** The reference SchemaStore: gone with the process. */
export class MemorySchemaStore implements SchemaStore {
  readonly #subjects = new Map<string, Subject>()
  /** By context and id. */
  readonly #contents = new Map<string, Map<number, Content>>()
  readonly #lastIds = new Map<string, number>()

  async state(subject: SchemaSubject): Promise<SubjectState> {
    const { revision, config, mode } = this.#at(subject)
    return { subject, revision, config, mode }
  }

  async saveSettings(expected: SubjectRevision, { config, mode }: SubjectSettings): Promise<boolean> {
    if (!this.#isAt(expected)) return false
    this.#change(expected.subject, { config, mode })
    return true
  }

  async register(added: NewVersion): Promise<StoredVersion | undefined> {
    const { subject, references } = added
    if (!added.expected.every((each) => this.#isAt(each))) return undefined
    const { versions } = this.#at(subject)
    const version = added.version ?? (versions.at(-1)?.version ?? 0) + 1
    if (versions.some((each) => each.version === version)) return undefined
    const content = this.#contentOf(added)
    if (content === undefined) return undefined
    const registered = { version, deleted: false, content }
    this.#change(subject, { versions: [...versions, registered].toSorted((a, b) => a.version - b.version) })
    for (const reference of references) this.#change(reference.subject, {})
    return stored(subject, registered)
  }

  async remove(
    expected: SubjectRevision,
    versions: readonly number[],
    how: 'soft' | 'permanent',
  ): Promise<boolean> {
    if (!this.#isAt(expected)) return false
    const all = this.#at(expected.subject).versions
    const isMeant = (each: Version): boolean => versions.includes(each.version)
    this.#change(expected.subject, {
      versions:
        how === 'soft'
          ? all.map((each) => (isMeant(each) ? { ...each, deleted: true } : each))
          : all.filter((each) => !isMeant(each)),
    })
    if (how === 'permanent') this.#forgetContents(all.filter(isMeant).map(({ content }) => content))
    return true
  }

  async subjects(): ReturnType<SchemaStore['subjects']> {
    return [...this.#subjects.values()]
      .filter(({ versions }) => versions.length > 0)
      .map(({ subject, versions }) => ({ subject, deleted: versions.every(({ deleted }) => deleted) }))
      .toSorted((a, b) => bySubject(a.subject, b.subject))
  }

  async versions(subject: SchemaSubject): Promise<readonly VersionEntry[]> {
    return this.#at(subject).versions.map((each) => entry(subject, each))
  }

  async version(subject: SchemaSubject, version: number): Promise<StoredVersion | undefined> {
    const found = this.#at(subject).versions.find((each) => each.version === version)
    return found && stored(subject, found)
  }

  async history(
    subject: SchemaSubject,
    { before, limit }: { readonly before: number; readonly limit: number },
  ): Promise<readonly StoredVersion[]> {
    return this.#at(subject)
      .versions.filter(({ version }) => version < before)
      .toReversed()
      .slice(0, limit)
      .map((each) => stored(subject, each))
  }

  async withFingerprint(subject: SchemaSubject, fingerprint: string): Promise<readonly StoredVersion[]> {
    return this.#at(subject)
      .versions.filter(({ content }) => content.fingerprint === fingerprint)
      .toReversed()
      .map((each) => stored(subject, each))
  }

  async byId(context: string, id: number): Promise<StoredSchema | undefined> {
    const content = this.#contents.get(context)?.get(id)
    return content && schemaOf(content)
  }

  async byGuid(guid: string): Promise<readonly StoredSchema[]> {
    return [...this.#contents.values()]
      .flatMap((contents) => [...contents.values()])
      .filter((content) => content.guid === guid)
      .toSorted((a, b) => order(a.context, b.context))
      .map(schemaOf)
  }

  async usages(context: string, id: number): Promise<readonly VersionEntry[]> {
    return this.#entries(({ content }) => content.context === context && content.id === id)
  }

  async referrers(subject: SchemaSubject, version: number): Promise<readonly VersionEntry[]> {
    const target = targetText(subject, version)
    return this.#entries(({ content }) => content.targets.has(target))
  }

  async close(): Promise<void> {}

  #at(subject: SchemaSubject): Subject {
    const unknown = { subject, revision: 0, config: undefined, mode: undefined, versions: [] }
    return this.#subjects.get(subjectText(subject)) ?? unknown
  }

  #isAt({ subject, revision }: SubjectRevision): boolean {
    return this.#at(subject).revision === revision
  }

  #change(subject: SchemaSubject, fields: Partial<Subject>): void {
    const before = this.#at(subject)
    this.#subjects.set(subjectText(subject), { ...before, ...fields, revision: before.revision + 1 })
  }

  /** The content that the context has already, or has from now on; undefined when the id stands for another. */
  #contentOf({
    subject,
    definition,
    guid,
    fingerprint,
    references,
    id: wanted,
  }: NewVersion): Content | undefined {
    const { context } = subject
    const contents = this.#contents.get(context) ?? new Map<number, Content>()
    const same = contents.values().find((content) => content.guid === guid)
    if (same !== undefined) return wanted === undefined || wanted === same.id ? same : undefined
    const last = this.#lastIds.get(context) ?? 0
    const id = wanted ?? last + 1
    if (contents.has(id)) return undefined
    const targets = new Set(references.map((each) => targetText(each.subject, each.version)))
    const content = { ...definition, context, id, guid, fingerprint, targets }
    this.#contents.set(context, contents.set(id, content))
    this.#lastIds.set(context, Math.max(last, id))
    return content
  }

  #forgetContents(contents: readonly Content[]): void {
    for (const content of contents) {
      if (this.#entries((each) => each.content === content).length > 0) continue
      this.#contents.get(content.context)?.delete(content.id)
    }
  }

  #entries(matches: (version: Version) => boolean): VersionEntry[] {
    return [...this.#subjects.values()]
      .toSorted((a, b) => bySubject(a.subject, b.subject))
      .flatMap(({ subject, versions }) => versions.filter(matches).map((each) => entry(subject, each)))
  }
}

export function memorySchemaStore(): SchemaStore {
  return new MemorySchemaStore()
}

function entry(subject: SchemaSubject, { version, deleted, content }: Version): VersionEntry {
  return { subject, version, id: content.id, deleted }
}

function stored(subject: SchemaSubject, { version, deleted, content }: Version): StoredVersion {
  const { context: _context, ...schema } = schemaOf(content)
  return { ...schema, schemaSubject: subjectText(subject), version, deleted }
}

function schemaOf({ fingerprint: _fingerprint, targets: _targets, ...schema }: Content): StoredSchema {
  return schema
}

function targetText(subject: SchemaSubject, version: number): string {
  return `${subjectText(subject)}\n${version}`
}

function bySubject(a: SchemaSubject, b: SchemaSubject): number {
  return order(a.context, b.context) || order(a.name, b.name)
}

function order(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
