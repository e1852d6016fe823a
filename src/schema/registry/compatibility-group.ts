import type { SchemaDefinition } from '../schema-registry.ts'
import { newestFirst } from './history.ts'
import type { SchemaStore, StoredVersion } from './schema-store.ts'
import type { SchemaSubject } from './schema-subject.ts'

/**
 * Tells the compatibility groups of one schema subject apart: versions are in one when they have the same value in a
 * property of their metadata. One that says nothing is in the group of the newest before it that does, so that leaving
 * the property out is no way around a comparison. Deleted versions count for nothing.
 */
export class CompatibilityGroups {
  readonly #store: SchemaStore
  readonly #subject: SchemaSubject
  readonly #property: string
  #found: { readonly from: number; readonly before: number; readonly value: string | undefined } | undefined

  constructor(store: SchemaStore, subject: SchemaSubject, property: string) {
    this.#store = store
    this.#subject = subject
    this.#property = property
  }

  /** The group of a version, or of a definition that would be the next one; undefined where none says any. */
  async of(definition: SchemaDefinition | StoredVersion): Promise<string | undefined> {
    const before = 'version' in definition ? definition.version : Number.MAX_SAFE_INTEGER
    return this.#valueOf(definition) ?? this.#inherited(before)
  }

  /** Asked for versions from the newest down, it reads each once. */
  async #inherited(before: number): Promise<string | undefined> {
    const found = this.#found
    if (found !== undefined && found.from < before && before <= found.before) return found.value
    for await (const version of newestFirst(this.#store, this.#subject, { before })) {
      const value = version.deleted ? undefined : this.#valueOf(version)
      if (value === undefined) continue
      this.#found = { from: version.version, before, value }
      return value
    }
    this.#found = { from: 0, before, value: undefined }
    return undefined
  }

  #valueOf({ metadata }: SchemaDefinition): string | undefined {
    return metadata?.properties?.[this.#property]
  }
}
