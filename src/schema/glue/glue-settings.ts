import { limits } from '../../kernel/index.ts'
import { comparisonOf, defaultSettings } from '../registry/compatibility-rule.ts'
import type { ResolvedSchema } from '../registry/references.ts'
import { rulesOf } from '../registry/schema-types.ts'
import type {
  CompatibilityLevel,
  CompatibilitySettings,
  RegistryVerdict,
  SchemaDefinition,
} from '../schema-registry.ts'
import { glueCompatibilityOf, levelOf } from './glue-level.ts'
import type { GlueName } from './glue-names.ts'
import type { GlueService } from './glue-service.ts'
import type { GlueVersions } from './glue-versions.ts'

/** What is set in Glue for the schemas of a schema subject, and what follows from it for a new version. */
export class GlueSettings {
  readonly #service: GlueService
  readonly #versions: GlueVersions
  /** Of schema subjects without a schema in Glue, which gets its level when it is created. */
  readonly #pending = new Map<string, CompatibilityLevel>()

  constructor(service: GlueService, versions: GlueVersions) {
    this.#service = service
    this.#versions = versions
  }

  /** The level of a schema that is there, or that it will be created with; undefined when nothing may be added to it. */
  async levelOf(name: GlueName): Promise<CompatibilityLevel | undefined> {
    const there = await this.#find(name)
    return there === undefined ? this.levelOfNew(name) : levelOf(there.Compatibility)
  }

  /** What was set in this process, else what the newest group has, else BACKWARD. */
  async levelOfNew({ schemaSubject }: GlueName): Promise<CompatibilityLevel> {
    const pending = this.#pending.get(schemaSubject)
    if (pending !== undefined) return pending
    const [newest] = await this.#namesOf(schemaSubject)
    const there = newest && (await this.#find(newest))
    return levelOf(there?.Compatibility) ?? defaultSettings.compatibilityLevel
  }

  async of(schemaSubject: string): Promise<CompatibilitySettings | undefined> {
    const [newest] = await this.#namesOf(schemaSubject)
    if (newest === undefined && !this.#pending.has(schemaSubject)) return undefined
    const level = await this.levelOf(newest ?? { schemaSubject, major: undefined })
    return { compatibilityGroup: 'major', ...(level && { compatibilityLevel: level }) }
  }

  async set(schemaSubject: string, level: CompatibilityLevel): Promise<void> {
    this.#pending.set(schemaSubject, level)
    const Compatibility = glueCompatibilityOf(level)
    for (const name of await this.#namesOf(schemaSubject)) {
      const SchemaId = this.#versions.schemaId(name)
      await this.#service.find((glue) => glue.updateSchema({ SchemaId, Compatibility }))
    }
  }

  /** Compares as the level says, with the newest version of the schema or with all, until one does not fit. */
  async compare(
    name: GlueName,
    definition: SchemaDefinition,
    level: CompatibilityLevel,
  ): Promise<RegistryVerdict> {
    const { transitive } = comparisonOf(level)
    const ids = (await this.#versions.idsOf(name)).slice(transitive ? -limits.schemaVersions : -1)
    for (const id of ids.toReversed()) {
      const version = await this.#versions.byId(id)
      const reasons = version === undefined ? [] : await obstacles(version.schema, definition, level)
      if (reasons.length > 0) return { compatible: false, reasons: reasons.slice(0, limits.schemaReasons) }
    }
    return { compatible: true, reasons: [] }
  }

  #find(name: GlueName): Promise<{ readonly Compatibility?: string | undefined } | undefined> {
    const SchemaId = this.#versions.schemaId(name)
    return this.#service.find((glue) => glue.getSchema({ SchemaId }))
  }

  /** The schemas that a schema subject has in Glue, the newest group first. */
  async #namesOf(schemaSubject: string): Promise<readonly GlueName[]> {
    const names = (await this.#versions.names()).filter((name) => name.schemaSubject === schemaSubject)
    return names.toSorted((a, b) => Number(b.major ?? 0) - Number(a.major ?? 0))
  }
}

async function obstacles(
  schema: string,
  definition: SchemaDefinition,
  level: CompatibilityLevel,
): Promise<readonly string[]> {
  const { backward, forward } = comparisonOf(level)
  const rules = rulesOf(definition.schemaType)
  const [before, update] = [alone(schema), alone(definition.schema)]
  const policy = 'STRICT'
  const reasons = [
    ...(backward ? await rules.obstacles({ reader: update, writer: before, newer: 'reader', policy }) : []),
    ...(forward ? await rules.obstacles({ reader: before, writer: update, newer: 'writer', policy }) : []),
  ]
  return [...new Set(reasons)]
}

function alone(schema: string): ResolvedSchema {
  return { schema, names: new Map(), others: new Map() }
}
