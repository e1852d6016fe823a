import {
  type Clock,
  exponential,
  isTidingsError,
  limits,
  type Random,
  sleep,
  TidingsError,
} from '../../kernel/index.ts'
import type { SchemaDefinition } from '../schema-registry.ts'
import { textForGlue } from './glue-draft.ts'
import { glueCompatibilityOf } from './glue-level.ts'
import { type GlueName, glueNameOf } from './glue-names.ts'
import type { GlueService } from './glue-service.ts'
import type { GlueSettings } from './glue-settings.ts'
import type { GlueVersions } from './glue-versions.ts'

export interface GlueRegistrationOptions {
  readonly service: GlueService
  readonly versions: GlueVersions
  readonly settings: GlueSettings
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
}

/** Puts versions into Glue. Each step may be repeated: after a crash in between, the next registration does the rest. */
export class GlueRegistration {
  readonly #options: GlueRegistrationOptions

  constructor(options: GlueRegistrationOptions) {
    this.#options = options
  }

  /** Fulfilled when the version is available and its metadata is there. */
  async register(name: GlueName, definition: SchemaDefinition): Promise<void> {
    const id = await this.#idOf(name, definition)
    await this.#available(id, name, definition)
    await this.#describe(id, definition)
  }

  /** The id of the version that has this content; it may not be available yet. */
  async #idOf(name: GlueName, definition: SchemaDefinition): Promise<string> {
    const answer =
      (await this.#add(name, definition)) ??
      (await this.#create(name, definition)) ??
      // Somebody else has created it meanwhile.
      (await this.#add(name, definition))
    if (answer?.SchemaVersionId !== undefined) return answer.SchemaVersionId
    throw new TidingsError(
      'registry_answer_invalid',
      `AWS Glue answered without the id of what it has registered for "${glueNameOf(name)}". Is somebody deleting it?`,
    )
  }

  /** `undefined` where there is no such schema yet. */
  async #add(
    name: GlueName,
    definition: SchemaDefinition,
  ): Promise<{ readonly SchemaVersionId?: string | undefined } | undefined> {
    const { service, versions, settings } = this.#options
    const SchemaId = versions.schemaId(name)
    const SchemaDefinition = textForGlue(definition)
    try {
      return await service.find((glue) => glue.registerSchemaVersion({ SchemaId, SchemaDefinition }))
    } catch (error) {
      if (!isTidingsError(error, 'schema_invalid') || (await settings.levelOf(name)) !== undefined)
        throw error
      throw new TidingsError(
        'registry_read_only',
        `Nothing may be added to "${glueNameOf(name)}": its compatibility is DISABLED in AWS Glue. Set a level there first.`,
        { cause: error },
      )
    }
  }

  async #create(
    name: GlueName,
    definition: SchemaDefinition,
  ): Promise<{ readonly SchemaVersionId?: string | undefined } | undefined> {
    const { service, settings } = this.#options
    const RegistryName = service.registryName
    const RegistryId = { RegistryName }
    if ((await service.find((glue) => glue.getRegistry({ RegistryId }))) === undefined)
      await service.create((glue) => glue.createRegistry({ RegistryName }))
    const Compatibility = glueCompatibilityOf(await settings.levelOfNew(name))
    const SchemaName = glueNameOf(name)
    const [DataFormat, SchemaDefinition] = [definition.schemaType, textForGlue(definition)]
    return service.create((glue) =>
      glue.createSchema({ RegistryId, SchemaName, DataFormat, Compatibility, SchemaDefinition }),
    )
  }

  /** Glue looks at a version after it has taken it. */
  async #available(id: string, name: GlueName, definition: SchemaDefinition): Promise<void> {
    const { service, clock, random, signal } = this.#options
    const wait = exponential(limits.registryFirstBackoffMs, limits.registryLongestBackoffMs)
    const until = clock.monotonic() + limits.glueAvailableMs
    for (let attempt = 1; ; attempt++) {
      const found = await service.find((glue) => glue.getSchemaVersion({ SchemaVersionId: id }))
      if (found?.Status === 'AVAILABLE') return
      if (found?.Status === 'FAILURE') throw await this.#incompatible(name, definition)
      if (clock.monotonic() >= until || signal.aborted) throw notAvailable(name, found?.Status)
      await sleep(clock, wait(attempt, random), signal)
    }
  }

  /** Glue says that a version is incompatible, and not why. */
  async #incompatible(name: GlueName, definition: SchemaDefinition): Promise<TidingsError> {
    const { settings } = this.#options
    const level = (await settings.levelOf(name)) ?? (await settings.levelOfNew(name))
    const { reasons } = await settings.compare(name, definition, level)
    const [why = 'Glue does not say why: compare the two with GetSchemaVersionsDiff.'] = reasons
    return new TidingsError(
      'schema_incompatible',
      `AWS Glue finds that the schema cannot follow the versions of "${glueNameOf(name)}" under ${level}. ${why}`,
      { details: { reasons: reasons.length > 0 ? reasons : [why] } },
    )
  }

  /** The number in code, which Glue has nowhere else to keep. */
  async #describe(id: string, { metadata }: SchemaDefinition): Promise<void> {
    const { service, versions } = this.#options
    const known = (await versions.byId(id))?.properties
    for (const [MetadataKey, MetadataValue] of Object.entries(metadata?.properties ?? {})) {
      // The name of the schema says it.
      if (MetadataKey === 'major' || known?.get(MetadataKey)?.includes(MetadataValue)) continue
      const MetadataKeyValue = { MetadataKey, MetadataValue }
      await service.create((glue) => glue.putSchemaVersionMetadata({ SchemaVersionId: id, MetadataKeyValue }))
    }
    versions.forget(id)
  }
}

function notAvailable(name: GlueName, status = 'gone'): TidingsError {
  return new TidingsError(
    'registry_unreachable',
    `AWS Glue has taken a schema for "${glueNameOf(name)}", which is ${status} and not available after ${limits.glueAvailableMs} ms. Register it again.`,
  )
}
