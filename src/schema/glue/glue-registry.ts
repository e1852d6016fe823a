import {
  type Clock,
  checkOptionNames,
  type Duration,
  durationMs,
  limits,
  type Random,
  systemClock,
  systemRandom,
  TidingsError,
} from '../../kernel/index.ts'
import type {
  CompatibilitySettings,
  IdentifiedSchema,
  RegisteredSchema,
  RegistryVerdict,
  SchemaDefinition,
  SchemaId,
  SchemaRegistry,
} from '../schema-registry.ts'
import { textForGlue } from './glue-draft.ts'
import { type GlueName, glueNameOf } from './glue-names.ts'
import { GlueRegistration } from './glue-registration.ts'
import { GlueService } from './glue-service.ts'
import { GlueSettings } from './glue-settings.ts'
import { entriesOf, GlueVersions, registeredOf } from './glue-versions.ts'

export interface GlueRegistryOptions {
  /** Default `default-registry`, which Glue has of itself. Another is created with its first schema. */
  readonly registryName?: string | undefined
  /** Default: what the SDK finds, as in AWS_REGION or the profile. Credentials come from there alone. */
  readonly region?: string | undefined
  /** Instead of the address of the region: a private endpoint, or a server for tests. */
  readonly endpoint?: string | undefined
  /** Of one attempt. Default 5 s. */
  readonly timeout?: Duration | undefined
  /** Attempts of one request, which the SDK repeats by its own rules. Default 4. */
  readonly attempts?: number | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

const optionNames = {
  registryName: true,
  region: true,
  endpoint: true,
  timeout: true,
  attempts: true,
  clock: true,
  random: true,
} as const satisfies Record<keyof GlueRegistryOptions, true>

/**
 * The schema registry of AWS Glue, through `@aws-sdk/client-glue`. Every compatibility group of a schema subject is a
 * schema of its own in Glue, `<subject>#<major>`, since Glue has no groups; the numbers of versions are those that were
 * registered with them. Ids are the UUIDs of Glue's schema versions. Glue decides what is compatible when it is
 * registered; it has no question for that, so `check` answers by the rules of this package under Glue's level, and
 * `compatibilityPolicy` has no effect.
 * @throws `option_invalid`; its methods beside what the port says `registry_unreachable`, `registry_denied`,
 * `registry_answer_invalid` and `schema_unsupported` for references and rules, which Glue does not keep.
 */
export function glueRegistry(options: GlueRegistryOptions = {}): SchemaRegistry {
  checkOptionNames('glueRegistry', options, optionNames)
  const { registryName = 'default-registry', region, endpoint, attempts = limits.registryAttempts } = options
  const timeoutMs = durationMs(options.timeout ?? limits.registryTimeoutMs)
  const service = new GlueService({ registryName, region, endpoint, timeoutMs, attempts })
  return new GlueRegistry(service, options.clock ?? systemClock, options.random ?? systemRandom)
}

class GlueRegistry implements SchemaRegistry {
  readonly #service: GlueService
  readonly #versions: GlueVersions
  readonly #settings: GlueSettings
  readonly #registration: GlueRegistration
  readonly #closing = new AbortController()

  constructor(service: GlueService, clock: Clock, random: Random) {
    const { signal } = this.#closing
    const versions = new GlueVersions(service)
    const settings = new GlueSettings(service, versions)
    this.#service = service
    this.#versions = versions
    this.#settings = settings
    this.#registration = new GlueRegistration({ service, versions, settings, clock, random, signal })
  }

  async register(schemaSubject: string, definition: SchemaDefinition): Promise<RegisteredSchema> {
    await this.#registration.register(nameOf(schemaSubject, definition), definition)
    const found = await this.lookUp(schemaSubject, definition)
    if (found !== undefined) return found
    throw new TidingsError(
      'registry_answer_invalid',
      `AWS Glue says that it has registered a schema for "${schemaSubject}", and does not find it. Is somebody deleting it?`,
    )
  }

  async lookUp(schemaSubject: string, definition: SchemaDefinition): Promise<RegisteredSchema | undefined> {
    const SchemaId = this.#versions.schemaId(nameOf(schemaSubject, definition))
    const found = await this.#service.find((glue) =>
      glue.getSchemaByDefinition({ SchemaId, SchemaDefinition: textForGlue(definition) }),
    )
    if (found?.SchemaVersionId === undefined || found.Status !== 'AVAILABLE') return undefined
    const version = await this.#versions.byId(found.SchemaVersionId)
    if (version === undefined || version.schemaType !== definition.schemaType) return undefined
    const asked = Number(definition.metadata?.properties?.['version'])
    const entry = entriesOf(version).find((each) => each.version === asked)
    return registeredOf(version, entry?.version)
  }

  async byId(id: SchemaId): Promise<IdentifiedSchema | undefined> {
    const found = typeof id === 'string' ? await this.#versions.byId(id) : undefined
    return found && registeredOf(found)
  }

  async schemaSubjects(): Promise<readonly string[]> {
    const names = await this.#versions.names()
    return [...new Set(names.map(({ schemaSubject }) => schemaSubject))].toSorted()
  }

  async versions(schemaSubject: string): Promise<readonly number[]> {
    return (await this.#versions.entries(schemaSubject)).map(({ version }) => version)
  }

  async version(schemaSubject: string, version: number | 'latest'): Promise<RegisteredSchema | undefined> {
    const entry = await this.#versions.entry(schemaSubject, version)
    const found = entry && (await this.#versions.byId(entry.id))
    return found && registeredOf(found, entry.version)
  }

  async check(schemaSubject: string, definition: SchemaDefinition): Promise<RegistryVerdict> {
    const name = nameOf(schemaSubject, definition)
    const [DataFormat, SchemaDefinition] = [definition.schemaType, textForGlue(definition)]
    const answer = await this.#service.ask((glue) =>
      glue.checkSchemaVersionValidity({ DataFormat, SchemaDefinition }),
    )
    if (answer.Valid === false) {
      const reason = answer.Error?.replace(/\.$/, '') ?? 'it does not say why'
      throw new TidingsError('schema_invalid', `AWS Glue refuses the schema: ${reason}.`)
    }
    const level = await this.#settings.levelOf(name)
    if (level !== undefined) return this.#settings.compare(name, definition, level)
    const reason = `Nothing may be added to "${glueNameOf(name)}": its compatibility is DISABLED in AWS Glue. Set a level there first.`
    return { compatible: false, reasons: [reason] }
  }

  settings(schemaSubject: string): Promise<CompatibilitySettings | undefined> {
    return this.#settings.of(schemaSubject)
  }

  async configure(schemaSubject: string, { compatibilityLevel }: CompatibilitySettings): Promise<void> {
    if (compatibilityLevel !== undefined) await this.#settings.set(schemaSubject, compatibilityLevel)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#service.close()
  }
}

/** @throws `schema_unsupported` for what Glue would lose. */
function nameOf(schemaSubject: string, { references = [], ruleSet, metadata }: SchemaDefinition): GlueName {
  if (references.length === 0 && ruleSet === undefined)
    return { schemaSubject, major: metadata?.properties?.['major'] }
  throw new TidingsError(
    'schema_unsupported',
    'AWS Glue keeps neither references nor rules of a schema. Write what it refers to into the schema itself.',
  )
}
