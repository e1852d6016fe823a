import { isTidingsError, limits, listed, TidingsError } from '../kernel/index.ts'
import type {
  CompatibilitySettings,
  RegisteredSchema,
  SchemaDefinition,
  SchemaRegistry,
} from '../schema/index.ts'
import type { Catalog } from './catalog.ts'
import type { EventDefinition } from './event-definition.ts'
import { codeVersionOf, majorOf, publishedIn, type RegisteredVersion } from './published.ts'
import { findingsOf, incompatibility, type VersionFinding, versionsOf } from './version-check.ts'

/** What is set for schema subjects that Tidings creates. */
const ownSettings: CompatibilitySettings = {
  compatibilityLevel: 'BACKWARD',
  compatibilityPolicy: 'LENIENT',
  compatibilityGroup: 'major',
}

/** A version of the catalog as the registry has it. */
export interface CatalogSchema {
  readonly type: string
  /** The number in code. */
  readonly version: number
  readonly registered: RegisteredSchema
  /** True where it was registered by this call. */
  readonly isNew: boolean
}

/**
 * Finds every version of every event in the registry; nothing is written.
 * @throws `schema_incompatible` for a version that the registry has with another schema, `schema_missing` for one that it
 * does not have, each with the whole list; what the registry throws.
 */
export async function lookUpCatalog(
  catalog: Catalog,
  registry: SchemaRegistry,
): Promise<readonly CatalogSchema[]> {
  const known = await eachDefinition(catalog, (definition) => knownVersions(definition, registry))
  refuse(known)
  const missing = known.flatMap(({ findings }) => findings.filter(({ state }) => state === 'new'))
  if (missing.length === 0) return known.flatMap(({ schemas }) => schemas)
  const names = listed(missing.map(({ type, version }) => `version ${version} of ${type}`))
  throw new TidingsError(
    'schema_missing',
    `The schema registry does not have ${names}. Register what is new before it is deployed, with \`tidings schema push\`, or open the bus with schemas: 'register' while developing.`,
  )
}

/**
 * Registers every version of every event that the registry does not have. A schema subject that is new is compared
 * within groups, by BACKWARD and the lenient policy; a version with an upcaster opens a group. Nothing is registered
 * when one of them may not be.
 * @throws `schema_incompatible` with every reason; what the registry throws.
 */
export async function registerCatalog(
  catalog: Catalog,
  registry: SchemaRegistry,
): Promise<readonly CatalogSchema[]> {
  const known = await eachDefinition(catalog, (definition) => knownVersions(definition, registry))
  refuse(known)
  const schemas: CatalogSchema[] = []
  for (const each of known) schemas.push(...(await registerMissing(each, registry)))
  return schemas
}

/**
 * How every version of the catalog stands, the registry's own settings considered; nothing is written.
 * @throws what the registry throws.
 */
export function checkCatalog(catalog: Catalog, registry: SchemaRegistry): Promise<readonly VersionFinding[]> {
  return eachDefinition(catalog, async (definition) => {
    const published = await publishedIn(registry, definition.type)
    const findings = findingsOf(definition, published)
    return refusedFirst(definition, findings, published, registry)
  }).then((findings) => findings.flat())
}

/** Asks about the first new version: a later one is compared with that once it is there. */
async function refusedFirst(
  definition: EventDefinition,
  findings: readonly VersionFinding[],
  published: readonly RegisteredVersion[],
  registry: SchemaRegistry,
): Promise<readonly VersionFinding[]> {
  const first = findings.find(({ state }) => state === 'new')
  if (first === undefined || published.length === 0) return findings
  const { version } = first
  const before = published.filter((each) => each.version < version)
  const major = majorOf(before) ?? String(definition.oldestVersion)
  const candidate = definitionOf(definition, version, majorAfter(definition, version, major))
  const { compatible, reasons } = await registry.check(definition.type, candidate)
  if (compatible) return findings
  const refusals = [...(await adviceOnGroups(definition, version, registry)), ...reasons]
  return findings.map((each) => (each === first ? { ...first, state: 'refused', refusals } : each))
}

/** For a version whose upcaster does not count, because somebody else made its schema subject and compares all of them. */
async function adviceOnGroups(
  definition: EventDefinition,
  version: number,
  registry: SchemaRegistry,
): Promise<readonly string[]> {
  if (!definition.hasUpcaster(version)) return []
  const { type } = definition
  const { compatibilityGroup } = (await registry.settings(type)) ?? {}
  if (compatibilityGroup === ownSettings.compatibilityGroup) return []
  return [
    `It has an upcaster, which counts only where versions are compared within groups. Have them compared so: PUT /config/${encodeURIComponent(type)} with {"compatibilityGroup": "${ownSettings.compatibilityGroup}"}.`,
  ]
}

interface Known {
  readonly definition: EventDefinition
  readonly schemas: readonly CatalogSchema[]
  readonly findings: readonly VersionFinding[]
  /** True where the registry has no version of it at all. */
  readonly isNew: boolean
}

/** Most often all are there, which costs one request for each, answered from the cache. Only else the registry is read. */
async function knownVersions(definition: EventDefinition, registry: SchemaRegistry): Promise<Known> {
  const found = await foundVersions(definition, registry)
  if (found !== undefined) return { definition, schemas: found, findings: [], isNew: false }
  const published = await publishedIn(registry, definition.type)
  const findings = findingsOf(definition, published)
  const schemas = findings.flatMap(({ version, state }) => {
    const entry = published.find((each) => each.version === version)
    return entry === undefined || state !== 'published' ? [] : [catalogSchema(definition, entry)]
  })
  return { definition, schemas, findings, isNew: published.length === 0 }
}

async function foundVersions(
  definition: EventDefinition,
  registry: SchemaRegistry,
): Promise<readonly CatalogSchema[] | undefined> {
  const found: CatalogSchema[] = []
  let major = String(definition.oldestVersion)
  for (const version of versionsOf(definition)) {
    major = majorAfter(definition, version, major)
    const registered = await registry.lookUp(definition.type, definitionOf(definition, version, major))
    if (registered === undefined || codeVersionOf(registered) !== version) return undefined
    found.push(catalogSchema(definition, { version, registered }))
  }
  return found
}

function catalogSchema(
  { type }: EventDefinition,
  { version, registered }: Pick<RegisteredVersion, 'version' | 'registered'>,
): CatalogSchema {
  return { type, version, registered, isNew: false }
}

async function registerMissing(
  { definition, schemas, isNew }: Known,
  registry: SchemaRegistry,
): Promise<readonly CatalogSchema[]> {
  const { type, oldestVersion } = definition
  const all: CatalogSchema[] = []
  let major = String(oldestVersion)
  for (const version of versionsOf(definition)) {
    const known = schemas.find((each) => each.version === version)
    major = known?.registered.metadata?.properties?.['major'] ?? majorAfter(definition, version, major)
    if (known !== undefined) {
      all.push(known)
      continue
    }
    if (isNew && all.length === 0) await openSubject(registry, type)
    const registered = await registerVersion(definition, version, major, registry)
    all.push({ type, version, registered, isNew: true })
  }
  return all
}

async function registerVersion(
  definition: EventDefinition,
  version: number,
  major: string,
  registry: SchemaRegistry,
): Promise<RegisteredSchema> {
  try {
    return await registry.register(definition.type, definitionOf(definition, version, major))
  } catch (error) {
    if (!isTidingsError(error, 'schema_incompatible')) throw error
    const [advice] = await adviceOnGroups(definition, version, registry)
    if (advice === undefined) throw error
    const { reasons } = error.details
    throw new TidingsError('schema_incompatible', `${error.sentence} ${advice}`, {
      cause: error,
      details: { reasons: [advice, ...reasons] },
    })
  }
}

/** Sets how versions of a new schema subject are compared, unless somebody has. */
export async function openSubject(registry: SchemaRegistry, type: string): Promise<void> {
  if ((await registry.settings(type)) === undefined) await registry.configure(type, ownSettings)
}

/** A version with an upcaster opens a group, which is called after it. */
function majorAfter(definition: EventDefinition, version: number, major: string): string {
  return definition.hasUpcaster(version) ? String(version) : major
}

function definitionOf(definition: EventDefinition, version: number, major: string): SchemaDefinition {
  return {
    schemaType: 'JSON',
    schema: JSON.stringify(definition.schemaOf(version)),
    metadata: { properties: { major, version: String(version) } },
  }
}

function refuse(known: readonly Known[]): void {
  const error = incompatibility(known.flatMap(({ findings }) => findings))
  if (error !== undefined) throw error
}

/** A few at a time: a registry may be far away, and a catalog large. */
async function eachDefinition<Result>(
  { topics }: Catalog,
  use: (definition: EventDefinition) => Promise<Result>,
): Promise<readonly Result[]> {
  const definitions = topics.flatMap(({ events }) => events)
  const results: Result[] = []
  for (let at = 0; at < definitions.length; at += limits.registryRequests)
    results.push(...(await Promise.all(definitions.slice(at, at + limits.registryRequests).map(use))))
  return results
}
