import { TidingsError } from '../../kernel/index.ts'
import { isObject } from '../json-schema.ts'
import { identityOf } from '../registry/identity.ts'
import {
  type CompatibilityLevel,
  type CompatibilitySettings,
  type RegistryVerdict,
  compatibilityLevels,
  type IdentifiedSchema,
  type RegisteredSchema,
  type SchemaDefinition,
  type SchemaId,
  type SchemaReference,
} from '../schema-registry.ts'

/** `{error_code, message}`: the first three digits of the code are the status, unless it is the status itself. */
export interface ErrorAnswer {
  readonly code: number
  readonly message: string
}

export function errorAnswerOf(status: number, text: string): ErrorAnswer {
  try {
    const body: unknown = JSON.parse(text)
    if (isObject(body) && typeof body['error_code'] === 'number')
      return { code: body['error_code'], message: String(body['message']) }
  } catch {
    // A proxy before the registry answers in words of its own.
  }
  return { code: status, message: text.trim().slice(0, 200) || 'without a word' }
}

/** What a request to register, look up or check carries. */
export function requestOf({ schemaType, references = [], ...rest }: SchemaDefinition): object {
  return {
    ...rest,
    ...(schemaType === 'AVRO' ? {} : { schemaType }),
    ...(references.length === 0 ? {} : { references }),
  }
}

export function identifiedOf(answer: unknown, id: SchemaId): IdentifiedSchema {
  const body = objectOf(answer)
  const definition = definitionOf(body)
  const guid = body['guid']
  return { ...definition, id, guid: typeof guid === 'string' ? guid : identityOf(definition).guid }
}

/** @param asked what the registry may leave out of its answer, because it was in the request. */
export function registeredOf(answer: unknown, asked: object = {}): RegisteredSchema {
  const body = { ...asked, ...objectOf(answer) }
  const { subject, id, version } = body as Readonly<Record<string, unknown>>
  if (typeof subject !== 'string' || !isCount(id) || !isCount(version)) throw invalid(answer)
  return { ...identifiedOf(body, id), schemaSubject: subject, version }
}

/** True for the answer of a registry older than CP 8, which tells the id of what it registered and no more. */
export function hasVersion(answer: unknown): boolean {
  return isCount(objectOf(answer)['version'])
}

export function versionNumbersOf(answer: unknown): readonly number[] {
  if (Array.isArray(answer) && answer.every(isCount)) return answer.toSorted((a, b) => a - b)
  throw invalid(answer)
}

export function namesOf(answer: unknown): readonly string[] {
  if (Array.isArray(answer) && answer.every((name) => typeof name === 'string')) return answer
  throw invalid(answer)
}

export function verdictOf(answer: unknown): RegistryVerdict {
  const { is_compatible: compatible, messages } = objectOf(answer)
  if (typeof compatible !== 'boolean') throw invalid(answer)
  return { compatible, reasons: Array.isArray(messages) ? messages.map(String) : [] }
}

export function settingsOf(answer: unknown): CompatibilitySettings {
  const {
    compatibilityLevel: level,
    compatibilityPolicy: policy,
    compatibilityGroup: group,
  } = objectOf(answer)
  return {
    ...(isLevel(level) ? { compatibilityLevel: level } : {}),
    ...(policy === 'STRICT' || policy === 'LENIENT' ? { compatibilityPolicy: policy } : {}),
    ...(typeof group === 'string' ? { compatibilityGroup: group } : {}),
  }
}

function definitionOf(body: Readonly<Record<string, unknown>>): SchemaDefinition {
  const { schema, schemaType = 'AVRO', references, metadata, ruleSet } = body
  const known = schemaType === 'JSON' || schemaType === 'AVRO' || schemaType === 'PROTOBUF'
  if (typeof schema !== 'string' || !known) throw invalid(body)
  return {
    schemaType,
    schema,
    ...(Array.isArray(references) && references.length > 0
      ? { references: references.map(referenceOf) }
      : {}),
    ...(isObject(metadata) ? { metadata } : {}),
    ...(isObject(ruleSet) ? { ruleSet } : {}),
  }
}

function referenceOf(value: unknown): SchemaReference {
  const { name, subject, version } = objectOf(value)
  if (typeof name === 'string' && typeof subject === 'string' && isCount(version))
    return { name, subject, version }
  throw invalid(value)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}

function isLevel(value: unknown): value is CompatibilityLevel {
  return compatibilityLevels.some((level) => level === value)
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value
  throw invalid(value)
}

function invalid(answer: unknown): TidingsError {
  return new TidingsError(
    'registry_answer_invalid',
    `The registry answered ${JSON.stringify(answer)?.slice(0, 200)}, which is not what was asked for. Is this the address of a schema registry?`,
  )
}
