import { TidingsError } from '../../kernel/index.ts'
import { compareSchemas, type Difference, type SchemaSource } from '../compatibility/index.ts'
import { compileSchema } from '../compile.ts'
import { isObject, type JsonSchema } from '../json-schema.ts'
import { bundled } from './bundle.ts'
import type { ResolvedSchema } from './references.ts'
import { parseSchemaText } from './schema-text.ts'
import type { SchemaTypeRules } from './schema-types.ts'

/** JSON Schema of draft-07, 2019-09 and 2020-12: valid when it compiles, compatible by the checker of this package. */
export const jsonType: SchemaTypeRules = {
  check(schema) {
    const document = documentOf(schema)
    if (typeof document !== 'boolean') compileSchema(document)
  },

  obstacles({ reader, writer, newer, policy }) {
    const differences = compareSchemas(sourceOf(writer), sourceOf(reader), {
      newer,
      policy: policy === 'LENIENT' ? 'lenient' : 'strict',
    })
    return differences.filter(({ breaks }) => breaks).map(sentenceOf)
  },
}

function sourceOf(schema: ResolvedSchema): SchemaSource {
  return { schema: documentOf(schema) }
}

function sentenceOf({ path, message, fix }: Difference): string {
  return `${path || 'The whole'}: ${message}${fix === undefined ? '' : ` ${fix}`}`
}

/** The schema and what it refers to as one document. */
function documentOf(resolved: ResolvedSchema): JsonSchema | boolean {
  const value = parseSchemaText(resolved.schema)
  if (typeof value === 'boolean') return value
  if (isObject(value)) return bundled(value, resolved)
  throw new TidingsError(
    'schema_invalid',
    'The schema is no JSON Schema: it is neither an object nor a boolean.',
  )
}
