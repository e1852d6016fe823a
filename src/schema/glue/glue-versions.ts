import { limits, Recent, TidingsError } from '../../kernel/index.ts'
import type { RegisteredSchema } from '../schema-registry.ts'
import { textFromGlue } from './glue-draft.ts'
import { type GlueName, glueNameFrom, glueNameInArn, glueNameOf } from './glue-names.ts'
import type { GlueService } from './glue-service.ts'

/** A version as Glue has it; its metadata may have several values under one name. */
export interface GlueVersion {
  readonly id: string
  readonly name: GlueName
  readonly schemaType: RegisteredSchema['schemaType']
  readonly schema: string
  /** Within its schema in Glue. */
  readonly number: number
  readonly properties: ReadonlyMap<string, readonly string[]>
}

/** Where a number of a schema subject leads to. */
export interface GlueEntry {
  readonly version: number
  readonly id: string
}

/** Reads versions, and remembers what of them never changes. */
export class GlueVersions {
  readonly #service: GlueService
  readonly #known = new Recent<GlueVersion>(limits.registryCacheEntries)
  readonly #ids = new Recent<string>(limits.registryCacheEntries)

  constructor(service: GlueService) {
    this.#service = service
  }

  /** `undefined` for one that is not there, or not available. */
  async byId(id: string): Promise<GlueVersion | undefined> {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const found = await this.#service.find((glue) => glue.getSchemaVersion({ SchemaVersionId: id }))
    if (found?.Status !== 'AVAILABLE') return undefined
    const { SchemaArn: arn, SchemaDefinition: text, DataFormat: schemaType, VersionNumber: number } = found
    if (!arn || text === undefined || !schemaType || number === undefined) throw invalid(id)
    const schema = textFromGlue(text)
    const name = glueNameInArn(arn)
    const properties = await this.#propertiesOf(id)
    const version = { id, name, schemaType, schema, number, properties }
    // One that somebody has just registered gets its number a moment later.
    if (name.major === undefined || properties.has('version')) this.#known.set(id, version)
    return version
  }

  /** After something was added to a version. */
  forget(id: string): void {
    this.#known.delete(id)
  }

  /** Every version of a schema subject by the numbers that it has there, ascending. */
  async entries(schemaSubject: string): Promise<readonly GlueEntry[]> {
    const names = (await this.names()).filter((name) => name.schemaSubject === schemaSubject)
    const entries: GlueEntry[] = []
    for (const name of names) entries.push(...(await this.#entriesOf(name)))
    for (const { version, id } of entries) this.#ids.set(`${schemaSubject} ${version}`, id)
    return entries.toSorted((a, b) => a.version - b.version)
  }

  async entry(schemaSubject: string, version: number | 'latest'): Promise<GlueEntry | undefined> {
    const id = version === 'latest' ? undefined : this.#ids.get(`${schemaSubject} ${version}`)
    if (version !== 'latest' && id !== undefined) return { version, id }
    const entries = await this.entries(schemaSubject)
    return version === 'latest' ? entries.at(-1) : entries.find((each) => each.version === version)
  }

  /** Every schema of the registry. */
  async names(): Promise<readonly GlueName[]> {
    const names: GlueName[] = []
    let NextToken: string | undefined
    do {
      const RegistryId = { RegistryName: this.#service.registryName }
      const page = await this.#service.find((glue) => glue.listSchemas({ RegistryId, NextToken }))
      for (const { SchemaName: name, SchemaStatus: status } of page?.Schemas ?? []) {
        if (name !== undefined && status !== 'DELETING') names.push(glueNameFrom(name))
      }
      NextToken = page?.NextToken
    } while (NextToken !== undefined)
    return names
  }

  /** The ids of the available versions of one schema in Glue, oldest first. */
  async idsOf(name: GlueName): Promise<readonly string[]> {
    const found: { readonly id: string; readonly number: number }[] = []
    let NextToken: string | undefined
    do {
      const SchemaId = this.schemaId(name)
      const page = await this.#service.find((glue) => glue.listSchemaVersions({ SchemaId, NextToken }))
      for (const { SchemaVersionId: id, VersionNumber: number, Status: status } of page?.Schemas ?? []) {
        if (id !== undefined && number !== undefined && status === 'AVAILABLE') found.push({ id, number })
      }
      NextToken = page?.NextToken
    } while (NextToken !== undefined)
    return found.toSorted((a, b) => a.number - b.number).map(({ id }) => id)
  }

  schemaId(name: GlueName): { readonly RegistryName: string; readonly SchemaName: string } {
    return { RegistryName: this.#service.registryName, SchemaName: glueNameOf(name) }
  }

  async #entriesOf(name: GlueName): Promise<readonly GlueEntry[]> {
    const ids = (await this.idsOf(name)).slice(-limits.schemaVersions)
    const entries: GlueEntry[] = []
    for (let at = 0; at < ids.length; at += limits.registryRequests) {
      const some = ids.slice(at, at + limits.registryRequests)
      const versions = await Promise.all(some.map((id) => this.byId(id)))
      entries.push(...versions.flatMap((version) => (version === undefined ? [] : entriesOf(version))))
    }
    return entries
  }

  async #propertiesOf(id: string): Promise<ReadonlyMap<string, readonly string[]>> {
    const properties = new Map<string, readonly string[]>()
    let NextToken: string | undefined
    do {
      const page = await this.#service.find((glue) =>
        glue.querySchemaVersionMetadata({ SchemaVersionId: id, NextToken }),
      )
      for (const [key, info] of Object.entries(page?.MetadataInfoMap ?? {})) {
        const values = [info, ...(info.OtherMetadataValueList ?? [])].map((each) => each.MetadataValue ?? '')
        properties.set(key, values)
      }
      NextToken = page?.NextToken
    } while (NextToken !== undefined)
    return properties
  }
}

/**
 * A version of the schema subject under its number. Of several that it is at once, as two versions of an event with one
 * schema, the one that is asked for.
 */
export function registeredOf(
  found: GlueVersion,
  version: number | undefined = entriesOf(found)[0]?.version,
): RegisteredSchema {
  const { id, name, schemaType, schema, properties } = found
  const others = [...properties].map(([key, values]) => [key, values[0] ?? ''] as const)
  const metadata = {
    ...Object.fromEntries(others),
    ...(name.major === undefined ? {} : { major: name.major }),
    ...(properties.has('version') ? { version: String(version) } : {}),
  }
  return {
    id,
    guid: id,
    schemaSubject: name.schemaSubject,
    version: version ?? found.number,
    schemaType,
    schema,
    ...(Object.keys(metadata).length === 0 ? {} : { metadata: { properties: metadata } }),
  }
}

/**
 * The numbers that were registered with a version. One that was registered without is counted on from the version that
 * opened its group, which is what the number in code is as long as none was refused.
 */
export function entriesOf({ id, name, number, properties }: GlueVersion): readonly GlueEntry[] {
  const declared = (properties.get('version') ?? []).map(Number).filter(isCount)
  if (declared.length > 0) return declared.map((version) => ({ version, id }))
  const first = Number(name.major ?? 1)
  return [{ version: isCount(first) ? first + number - 1 : number, id }]
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0
}

function invalid(id: string): TidingsError {
  return new TidingsError(
    'registry_answer_invalid',
    `AWS Glue answered for schema version ${id} without its schema, type or number. Is the endpoint that of AWS Glue?`,
  )
}
