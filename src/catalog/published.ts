import { limits, TidingsError } from '../kernel/index.ts'
import type { JsonSchema, RegisteredSchema, SchemaRegistry } from '../schema/index.ts'
import type { Catalog } from './catalog.ts'
import { type PublishedVersion, versionsOf } from './version-check.ts'

/** A version that a registry has, under the number that it has in code. */
export interface RegisteredVersion extends PublishedVersion {
  readonly registered: RegisteredSchema
}

/** What a registry knows of an event: the newest `limits.schemaVersions`, oldest first. Its schema subject is the type. */
export async function publishedIn(
  registry: SchemaRegistry,
  type: string,
): Promise<readonly RegisteredVersion[]> {
  const published: RegisteredVersion[] = []
  const numbers = await registry.versions(type)
  for (const number of numbers.slice(-limits.schemaVersions)) {
    const registered = await registry.version(type, number)
    if (registered?.schemaType !== 'JSON') continue
    const version = codeVersionOf(registered)
    const undeclared = declaredVersionOf(registered) === undefined
    published.push({ version, schema: schemaIn(registered), registered, undeclared })
  }
  return published
}

/** One version of an event under the number that it has in code; most often the registry has given it the same. */
export async function publishedVersion(
  registry: SchemaRegistry,
  type: string,
  version: number,
): Promise<RegisteredVersion | undefined> {
  const registered = await registry.version(type, version)
  if (registered?.schemaType === 'JSON' && codeVersionOf(registered) === version)
    return { version, schema: schemaIn(registered), registered }
  return (await publishedIn(registry, type)).find((each) => each.version === version)
}

/** What another catalog, such as this one on the main branch, knows of an event. */
export function publishedBy(catalog: Catalog, type: string): readonly PublishedVersion[] {
  const definition = catalog.topics.flatMap(({ events }) => events).find((each) => each.type === type)
  if (definition === undefined) return []
  return versionsOf(definition).map((version) => ({ version, schema: definition.schemaOf(version) }))
}

/**
 * The number in code. It is registered with the version: a registry counts from 1, code may begin later, when older
 * versions are gone.
 */
export function codeVersionOf(registered: RegisteredSchema): number {
  return declaredVersionOf(registered) ?? registered.version
}

function declaredVersionOf({ metadata }: RegisteredSchema): number | undefined {
  const declared = Number(metadata?.properties?.['version'])
  return Number.isSafeInteger(declared) && declared > 0 ? declared : undefined
}

/**
 * The number of the version that opened the compatibility group of the newest of these. What was registered without one
 * is in the group of the version before it.
 */
export function majorOf(published: readonly RegisteredVersion[]): string | undefined {
  const majors = published.map(({ registered }) => registered.metadata?.properties?.['major'])
  return majors.findLast((major) => major !== undefined)
}

function schemaIn({ schema, schemaSubject, version }: RegisteredSchema): JsonSchema {
  try {
    const parsed: unknown = JSON.parse(schema)
    if (typeof parsed === 'object' && parsed !== null) return parsed as JsonSchema
    if (parsed === true) return {}
    if (parsed === false) return { not: {} }
  } catch {
    // Said below.
  }
  throw new TidingsError(
    'registry_answer_invalid',
    `Version ${version} of schema subject "${schemaSubject}" in the registry is not a JSON Schema. Delete it there.`,
  )
}
