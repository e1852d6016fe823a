import { ok } from 'node:assert/strict'
import type {
  NewVersion,
  SchemaDefinition,
  SchemaStore,
  SchemaSubject,
  StoredVersion,
} from '../schema/index.ts'

export interface SchemaStoreContext extends AsyncDisposable {
  /** Empty. */
  readonly store: SchemaStore
}

export const orders: SchemaSubject = { context: '.', name: 'com.example.orders.created' }
export const invoices: SchemaSubject = { context: '.', name: 'com.example.invoices.sent' }
export const elsewhere: SchemaSubject = { context: '.staging', name: orders.name }

/** A definition that differs from those with other text. */
export function definition(text: string, fields: Partial<SchemaDefinition> = {}): SchemaDefinition {
  return { schemaType: 'JSON', schema: `{"description":"${text}"}`, ...fields }
}

/** Registers on what the store says now. */
export async function add(
  store: SchemaStore,
  subject: SchemaSubject,
  text: string,
  fields: Partial<NewVersion> = {},
): Promise<StoredVersion> {
  const added = await store.register({
    subject,
    definition: definition(text),
    guid: `guid-${text}`,
    fingerprint: `fingerprint-${text}`,
    expected: [await store.state(subject)],
    references: [],
    ...fields,
  })
  ok(added !== undefined, `"${text}" should have been registered`)
  return added
}

/** Deletes on what the store says now. */
export async function remove(
  store: SchemaStore,
  subject: SchemaSubject,
  versions: readonly number[],
  how: 'soft' | 'permanent',
): Promise<void> {
  ok(await store.remove(await store.state(subject), versions, how))
}

export async function numbersOf(store: SchemaStore, subject: SchemaSubject): Promise<string[]> {
  const versions = await store.versions(subject)
  return versions.map(({ version, id, deleted }) => `${version}: ${id}${deleted ? ' deleted' : ''}`)
}
