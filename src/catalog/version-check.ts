import { TidingsError } from '../kernel/index.ts'
import { compareSchemas, type Difference, type JsonSchema, sameSchema } from '../schema/index.ts'
import type { EventDefinition } from './event-definition.ts'

/** A version that others know already: from a registry, or from the catalog as it was. It never changes. */
export interface PublishedVersion {
  readonly version: number
  readonly schema: JsonSchema
  /** True where it came into the registry without a number in code, so from elsewhere than a catalog. */
  readonly undeclared?: boolean | undefined
}

/**
 * How a version in the code stands. `published`: others know it as it is · `new`: nobody knows it, and it fits · `changed`:
 * others know another schema under its number · `incompatible`: data of the version before may be invalid in it, and
 * there is no upcaster · `refused`: it fits, but the registry's own settings ask for more.
 */
export type VersionState = 'published' | 'new' | 'changed' | 'incompatible' | 'refused'

export interface VersionFinding {
  readonly type: string
  readonly version: number
  readonly state: VersionState
  /** To what is published under its number, where it is `changed`; else to the version before, where it has no upcaster. */
  readonly differences: readonly Difference[]
  /** Why the registry refuses it, in its words. */
  readonly refusals?: readonly string[]
  /** True where what is published under its number is of no catalog. */
  readonly undeclared?: boolean | undefined
}

/** How each version of a definition stands, oldest first. @throws `schema_too_complex` */
export function findingsOf(
  definition: EventDefinition,
  published: readonly PublishedVersion[],
): readonly VersionFinding[] {
  const { type } = definition
  return versionsOf(definition).map((version) => {
    const schema = definition.schemaOf(version)
    const known = published.find((each) => each.version === version)
    if (known !== undefined && !sameSchema(known.schema, schema)) {
      const differences = compareSchemas({ schema: known.schema }, { schema }, { policy: 'lenient' })
      return { type, version, state: 'changed', differences, undeclared: known.undeclared }
    }
    // An upcaster makes the data fit, whatever differs.
    const differences = definition.hasUpcaster(version) ? [] : definition.differences(version)
    const fits = !differences.some(isUnfit)
    return { type, version, state: fits ? (known ? 'published' : 'new') : 'incompatible', differences }
  })
}

export function versionsOf({ oldestVersion, newestVersion }: EventDefinition): readonly number[] {
  const newest: number = newestVersion
  return Array.from({ length: newest - oldestVersion + 1 }, (_, at) => oldestVersion + at)
}

/** Why a version may not be published, one sentence or two for each change; none where it may. */
export function reasonsOf({
  type,
  version,
  state,
  differences,
  refusals = [],
  undeclared = false,
}: VersionFinding): readonly string[] {
  const name = `Version ${version} of ${type}`
  switch (state) {
    case 'published':
    case 'new':
      return []
    case 'refused':
      return refusals.map((refusal) => `The registry refuses version ${version} of ${type}: ${refusal}`)
    case 'changed':
      return [
        undeclared
          ? `${name} is another schema in the registry, which no catalog registered${changesText(differences)}. Declare that one as version ${version} (\`tidings schema show ${type} ${version}\` prints it) and yours as the next; or, if nobody publishes with it, delete it there: DELETE /subjects/${encodeURIComponent(type)}/versions/${version}.`
          : `${name} was published with another schema${changesText(differences)}. A version never changes: leave it as it was, and declare the next one.`,
      ]
    case 'incompatible':
      return differences
        .filter(isUnfit)
        .map(
          (difference) =>
            `${name} has no upcaster, and not all data of version ${version - 1} is valid in it: ${difference.message} ${adviceOf(difference, version)}`,
        )
  }
}

/**
 * A name that becomes required and has a default counts as compatible in registries, because some readers fill it in.
 * Here data is never changed, except by an upcaster.
 */
function isUnfit({ breaks, kind }: Difference): boolean {
  return breaks || kind === 'required_changed'
}

function adviceOf({ fix }: Difference, version: number): string {
  const upcaster = `give version ${version} an upcaster`
  if (fix === undefined) return `Nobody fills it in: ${upcaster}, which does.`
  const advice = fix.replace('give the new version an upcaster', upcaster)
  return advice.includes('upcaster') ? advice : `${advice} Or ${upcaster}.`
}

function changesText(differences: readonly Difference[]): string {
  const changes = differences.filter(({ kind }) => !/^(title|description|examples|comment)_/.test(kind))
  const shown = changes.slice(0, changesShown).map(({ message }) => message.replace(/\.$/, ''))
  return shown.length === 0 ? '' : `: ${shown.join('; ')}${changes.length > shown.length ? '; and more' : ''}`
}

const changesShown = 3

/** The error for findings that may not be published, if there are any. */
export function incompatibility(
  findings: readonly VersionFinding[],
): TidingsError<'schema_incompatible'> | undefined {
  const reasons = findings.flatMap(reasonsOf)
  if (reasons.length === 0) return undefined
  const shown = reasons.slice(0, reasonsShown).join(' ')
  const rest = reasons.length > reasonsShown ? ` And ${reasons.length - reasonsShown} more.` : ''
  return new TidingsError('schema_incompatible', `${shown}${rest}`, { details: { reasons } })
}

const reasonsShown = 5
