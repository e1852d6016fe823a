import { TidingsError } from '../../kernel/index.ts'
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
    if (document !== undefined) compileSchema(document)
  },

  obstacles(_reader, _writer, _policy) {
    return []
  },
}

/** The schema and what it refers to as one document; undefined for `true` and `false`, which are schemas too. */
function documentOf(resolved: ResolvedSchema): JsonSchema | undefined {
  const value = parseSchemaText(resolved.schema)
  if (typeof value === 'boolean') return undefined
  if (isObject(value)) return bundled(value, resolved)
  throw new TidingsError('schema_invalid', 'The schema is no JSON Schema: it is neither an object nor a boolean.')
}
