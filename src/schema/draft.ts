import { Ajv, type AnySchemaObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { TidingsError } from '../kernel/index.ts'
import { formats } from './formats.ts'
import type { JsonSchema } from './json-schema.ts'
import { cheaplyOwn } from './own-properties.ts'
import { linearPattern } from './pattern.ts'

/** Unknown keywords and formats say nothing (JSON Schema core §4.3.1); `toString` is not a property of every object. */
const options: Options = {
  strict: false,
  logger: false,
  ownProperties: true,
  formats,
  code: { regExp: linearPattern, process: cheaplyOwn },
}

/** One version of JSON Schema. */
export interface Draft {
  readonly name: string
  /** Ajv's findings where the schema itself breaks the rules; empty when it is one. */
  check(schema: JsonSchema): NonNullable<ValidateFunction['errors']>
  /** A fresh Ajv for each schema: they share no references, and none outlives its schema. */
  compile(schema: JsonSchema, mode: { readonly allErrors: boolean }): ValidateFunction
}

function draft(name: string, uri: string, AjvOfDraft: typeof Ajv | typeof Ajv2019 | typeof Ajv2020): Draft {
  let checker: ValidateFunction | undefined
  const compile = (
    schema: AnySchemaObject,
    { allErrors }: { readonly allErrors: boolean },
  ): ValidateFunction =>
    new AjvOfDraft({ ...options, allErrors, meta: false, validateSchema: false }).compile(schema)
  return {
    name,
    compile,
    check(schema) {
      checker ??= new AjvOfDraft({
        strict: false,
        logger: false,
        validateFormats: false,
        allErrors: true,
      }).getSchema(uri)
      return checker?.(schema) ? [] : (checker?.errors ?? [])
    },
  }
}

const draft2020 = draft('2020-12', 'https://json-schema.org/draft/2020-12/schema', Ajv2020)

const drafts: ReadonlyMap<string, Draft> = new Map([
  ['json-schema.org/draft-07/schema', draft('draft-07', 'http://json-schema.org/draft-07/schema', Ajv)],
  [
    'json-schema.org/draft/2019-09/schema',
    draft('2019-09', 'https://json-schema.org/draft/2019-09/schema', Ajv2019),
  ],
  ['json-schema.org/draft/2020-12/schema', draft2020],
])

/** @throws `schema_unsupported` for a `$schema` other than draft-07, 2019-09 and 2020-12. */
export function draftOf({ $schema }: JsonSchema, of: string): Draft {
  if ($schema === undefined) return draft2020
  const address = typeof $schema === 'string' ? $schema.replace(/^https?:\/\//, '').replace(/#$/, '') : ''
  const known = drafts.get(address)
  if (known) return known
  throw new TidingsError(
    'schema_unsupported',
    `${of} is written in ${JSON.stringify($schema)}. Use draft-07, 2019-09 or 2020-12 of JSON Schema.`,
  )
}
