import { MissingRefError, type ValidateFunction } from 'ajv'
import { type Issue, limits, Recent, TidingsError } from '../kernel/index.ts'
import { type Draft, draftOf } from './draft.ts'
import { endlessPlace } from './endless.ts'
import { issuesOf, issuesText } from './issues.ts'
import type { JsonSchema } from './json-schema.ts'

/** What is wrong with a value; always the same empty list when nothing is. It never changes the value. */
export type Validator = (data: unknown) => readonly Issue[]

const noIssues: readonly Issue[] = Object.freeze([])

/** By content, because schemas that come from outside are new objects each time. */
const compiled = new Recent<Validator>(limits.compiledSchemas)

/**
 * A schema as fast code. Formats are asserted, patterns run on RE2, `$ref` stays inside the document, unknown keywords
 * say nothing.
 * @param of what the schema belongs to, for the sentence of an error.
 * @throws `schema_invalid` for a broken schema, also a pattern that RE2 cannot run and a `$ref` that leads outside;
 * `schema_unsupported` for another draft than draft-07, 2019-09 and 2020-12.
 */
export function compileSchema(schema: JsonSchema, of = 'The schema'): Validator {
  const content = JSON.stringify(schema)
  const validator = compiled.get(content) ?? compile(schema, content, of)
  compiled.set(content, validator)
  return validator
}

function compile(schema: JsonSchema, content: string, of: string): Validator {
  if (Buffer.byteLength(content) > limits.schemaBytes) {
    throw new TidingsError(
      'schema_invalid',
      `${of} is larger than ${limits.schemaBytes} bytes of JSON. Divide it.`,
    )
  }
  const draft = draftOf(schema, of)
  const faults = issuesOf(draft.check(schema))
  if (faults.length > 0) {
    throw new TidingsError(
      'schema_invalid',
      `${of} is not a JSON Schema of ${draft.name}: ${issuesText(faults)}.`,
    )
  }
  const endless = endlessPlace(schema)
  if (endless !== undefined) {
    throw new TidingsError(
      'schema_invalid',
      `${of} leads back to itself at ${endless || 'its beginning'} without going into the data, so that a check would never end. Put the $ref inside a property or an item.`,
    )
  }
  const isValid = validateFunction(draft, schema, of)
  let listing: ValidateFunction | undefined
  return (data) => {
    if (isValid(data)) return noIssues
    listing ??= draft.compile(schema, { allErrors: true })
    return listing(data) ? noIssues : issuesOf(listing.errors ?? [])
  }
}

function validateFunction(draft: Draft, schema: JsonSchema, of: string): ValidateFunction {
  try {
    const validate = draft.compile(schema, { allErrors: false })
    if (!('$async' in validate)) return validate
  } catch (cause) {
    throw new TidingsError('schema_invalid', `${of} cannot be compiled: ${reasonOf(cause)}`, { cause })
  }
  throw new TidingsError('schema_invalid', `${of} is marked $async. Data is checked at once: leave it out.`)
}

function reasonOf(cause: unknown): string {
  if (cause instanceof MissingRefError) {
    return `it refers to ${cause.missingRef}, which is not inside it. Nothing is loaded: put the schema under $defs.`
  }
  if (cause instanceof RangeError) return 'it is too large for one validator. Divide it, and use $ref.'
  return cause instanceof Error ? cause.message : String(cause)
}
