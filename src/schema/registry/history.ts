import { limits } from '../../kernel/index.ts'
import type { SchemaStore, StoredVersion } from './schema-store.ts'
import type { SchemaSubject } from './schema-subject.ts'

/** The versions of a schema subject from the newest down, or from before a number, read in pages. */
export async function* newestFirst(
  store: SchemaStore,
  subject: SchemaSubject,
  { before: end = Number.MAX_SAFE_INTEGER }: { readonly before?: number } = {},
): AsyncGenerator<StoredVersion> {
  const pageSize = limits.schemaHistoryPage
  let before = end
  for (;;) {
    const page = await store.history(subject, { before, limit: pageSize })
    yield* page
    const oldest = page.at(-1)
    if (oldest === undefined || page.length < pageSize) return
    before = oldest.version
  }
}

/** The newest version that fits; undefined when none does. */
export async function newestWhere(
  store: SchemaStore,
  subject: SchemaSubject,
  fits: (version: StoredVersion) => boolean | Promise<boolean>,
): Promise<StoredVersion | undefined> {
  // Almost always the newest of all: one row before a page of them.
  const [newest] = await store.history(subject, { before: Number.MAX_SAFE_INTEGER, limit: 1 })
  if (newest === undefined || (await fits(newest))) return newest
  for await (const version of newestFirst(store, subject)) if (await fits(version)) return version
  return undefined
}
