import {
  compatibilityLevels,
  type RegistryConfig,
  type RegistryMode,
  registryModes,
  schemaSubjectOf,
} from '../schema/index.ts'
import { type JsonObject, shown } from './body.ts'
import { Fault, faultCodes } from './faults.ts'

/** Settings that clients may give and get back, and that change nothing here. */
const kept = [
  'aliasForDeks',
  'normalize',
  'validateFields',
  'validateNewSchemas',
  'validateRules',
  'defaultMetadata',
  'overrideMetadata',
  'defaultRuleSet',
  'overrideRuleSet',
]

/** What a body sets: `undefined` for what it takes back with null. @throws 42203, 42208 */
export function configIn(body: JsonObject): RegistryConfig {
  const { compatibility, compatibilityLevel = compatibility, compatibilityPolicy, compatibilityGroup } = body
  const level = given(compatibilityLevel, oneOf('compatibility', compatibilityLevels))
  const policy = given(compatibilityPolicy, oneOf('compatibilityPolicy', ['STRICT', 'LENIENT'] as const))
  const group = given(compatibilityGroup, text('compatibilityGroup'))
  const alias = given(body['alias'] === '' ? null : body['alias'], subjectName)
  return {
    ...Object.fromEntries(kept.filter((name) => name in body).map((name) => [name, body[name] ?? undefined])),
    ...(compatibilityLevel === undefined ? {} : { compatibilityLevel: level }),
    ...(compatibilityPolicy === undefined ? {} : { compatibilityPolicy: policy }),
    ...(compatibilityGroup === undefined ? {} : { compatibilityGroup: group }),
    ...(body['alias'] === undefined ? {} : { alias }),
  }
}

/** @throws 42204 */
export function modeIn({ mode }: JsonObject): RegistryMode {
  const known = registryModes.find((each) => each === mode)
  if (known !== undefined) return known
  throw new Fault(
    faultCodes.modeInvalid,
    `${shown(mode)} is no mode of this registry. Send one of ${registryModes.join(', ')} as "mode".`,
  )
}

function given<Value>(value: unknown, read: (value: unknown) => Value): Value | undefined {
  return value === undefined || value === null ? undefined : read(value)
}

function oneOf<Value extends string>(name: string, values: readonly Value[]): (value: unknown) => Value {
  return (value) => {
    const known = values.find((each) => each === value)
    if (known !== undefined) return known
    throw new Fault(
      faultCodes.levelInvalid,
      `"${name}" cannot be ${shown(value)}. Send one of ${values.join(', ')}.`,
    )
  }
}

/** @throws 42208 */
function subjectName(value: unknown): string {
  if (typeof value === 'string' && schemaSubjectOf(value)) return value
  throw new Fault(
    faultCodes.nameInvalid,
    `"alias" cannot be ${shown(value)}. Send the name of a schema subject, or null.`,
  )
}

function text(name: string): (value: unknown) => string {
  return (value) => {
    if (typeof value === 'string' && value !== '') return value
    throw new Fault(faultCodes.levelInvalid, `"${name}" has to be the name of a metadata property, or null.`)
  }
}
