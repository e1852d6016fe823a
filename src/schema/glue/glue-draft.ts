import { TidingsError } from '../../kernel/index.ts'
import type { SchemaDefinition } from '../schema-registry.ts'

const draft07 = 'http://json-schema.org/draft-07/schema#'
const newer = /("\$schema"\s*:\s*)"(https?:\/\/json-schema\.org\/draft\/(?:2019-09|2020-12)\/schema#?)"/
const marked = /("\$schema"\s*:\s*)"[^"]*","x-tidings-draft":"([^"]*)"/

/**
 * The text of a schema as Glue takes it. Glue knows JSON Schema up to draft-07 and refuses the name of a newer one, which
 * most libraries write; so that name stands beside the one of draft-07, in a keyword that says nothing. What Glue then
 * makes of keywords that draft-07 does not have concerns its own verdicts alone.
 * @throws `schema_unsupported` where the name cannot be put back.
 */
export function textForGlue({ schemaType, schema }: SchemaDefinition): string {
  if (schemaType !== 'JSON' || !newer.test(schema)) return schema
  const text = schema.replace(newer, `$1"${draft07}","x-tidings-draft":"$2"`)
  if (textFromGlue(text) === schema) return text
  throw new TidingsError(
    'schema_unsupported',
    'The schema has the keyword "x-tidings-draft", which Tidings writes itself for AWS Glue. Leave it out.',
  )
}

/** The text as it was registered. */
export function textFromGlue(text: string): string {
  return text.replace(marked, '$1"$2"')
}
