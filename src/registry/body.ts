import { checkJsonText, limits } from '../kernel/index.ts'
import type { SchemaDefinition, SchemaReference, SchemaType } from '../schema/index.ts'
import { Fault, faultCodes } from './faults.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/**
 * The JSON object that a request carries, whatever its content type says.
 * @throws 400 for what is no JSON object in UTF-8, 42209 for more than `limits.registryBodyBytes`.
 */
export async function jsonBody(request: Request): Promise<JsonObject> {
  const value = parsed(textOf(await boundedBytes(request)))
  if (isObject(value)) return value
  throw new Fault(faultCodes.badRequest, 'The body is not a JSON object. Send one, as in {"schema": "…"}.')
}

async function boundedBytes(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > limits.registryBodyBytes) throw tooLarge()
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > limits.registryBodyBytes) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function tooLarge(): Fault {
  return new Fault(
    faultCodes.tooLarge,
    `The body is larger than ${limits.registryBodyBytes} bytes, which no schema of at most ${limits.schemaBytes} bytes needs. Divide the schema, and refer to the parts.`,
  )
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Fault(faultCodes.badRequest, 'The body is not UTF-8. Send JSON in UTF-8.')
  }
}

function parsed(text: string): unknown {
  checkJsonText(text)
  try {
    return JSON.parse(text)
  } catch {
    throw new Fault(faultCodes.badRequest, 'The body is not JSON. Send what a JSON encoder wrote.')
  }
}

/** The definition in a body; fields that are not known are passed over. @throws 42201 */
export function definitionIn(body: JsonObject): SchemaDefinition {
  const { schema } = body
  if (typeof schema !== 'string' || schema === '') {
    throw invalid('"schema" has to be the schema as a string, as JSON.stringify(schema) writes it.')
  }
  const references = referencesIn(body)
  const metadata = objectIn(body, 'metadata')
  const ruleSet = objectIn(body, 'ruleSet')
  return {
    schemaType: schemaTypeIn(body),
    schema,
    ...(references.length > 0 ? { references } : {}),
    ...(metadata === undefined ? {} : { metadata: { ...metadata, ...propertiesIn(metadata) } }),
    ...(ruleSet === undefined ? {} : { ruleSet }),
  }
}

function schemaTypeIn({ schemaType }: JsonObject): SchemaType {
  if (schemaType === undefined || schemaType === null || schemaType === '') return 'AVRO'
  if (schemaType === 'JSON' || schemaType === 'AVRO' || schemaType === 'PROTOBUF') return schemaType
  throw invalid(`"schemaType" is ${shown(schemaType)}. Send "JSON", or "AVRO".`)
}

function referencesIn({ references }: JsonObject): readonly SchemaReference[] {
  if (references === undefined || references === null) return []
  if (!Array.isArray(references)) throw invalid('"references" has to be a list.')
  return references.map((reference: unknown) => {
    const { name, subject, version } = isObject(reference) ? reference : {}
    if (typeof name !== 'string' || typeof subject !== 'string' || !isNumber(version)) {
      throw invalid('Each of "references" has to be {"name": string, "subject": string, "version": number}.')
    }
    return { name, subject, version }
  })
}

/** Their values are compared, so they have to be strings. */
function propertiesIn(metadata: JsonObject): { properties?: Readonly<Record<string, string>> } {
  const properties = objectIn(metadata, 'properties')
  if (properties === undefined) return {}
  if (isTextObject(properties)) return { properties }
  throw invalid('Each of "metadata.properties" has to be a string.')
}

function isTextObject(object: JsonObject): object is Readonly<Record<string, string>> {
  return Object.values(object).every((value) => typeof value === 'string')
}

function objectIn(body: JsonObject, field: string): JsonObject | undefined {
  const value = body[field]
  if (value === undefined || value === null) return undefined
  if (isObject(value)) return value
  throw invalid(`"${field}" has to be an object.`)
}

/** A number that a body may give; 0 and below mean that it gives none. */
export function givenNumber(body: JsonObject, field: string): number | undefined {
  const value = body[field]
  return isNumber(value) ? value : undefined
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'undefined').slice(0, 100)
}

function invalid(sentence: string): Fault {
  return new Fault(faultCodes.schemaInvalid, sentence)
}
