import { checkJsonText, isTidingsError, limits, TidingsError } from '../../kernel/index.ts'

/**
 * The value of a schema's text.
 * @throws `limit_exceeded` when it is too large · `schema_invalid` when it is not JSON, nests too deep, or has a key `__proto__`.
 */
export function parseSchemaText(text: string): unknown {
  if (text.length > limits.schemaBytes || Buffer.byteLength(text) > limits.schemaBytes) {
    throw new TidingsError(
      'limit_exceeded',
      `The schema is larger than ${limits.schemaBytes} bytes. Divide it, and refer to the parts.`,
    )
  }
  try {
    checkJsonText(text, limits.schemaDepth)
    return JSON.parse(text)
  } catch (cause) {
    const reason = isTidingsError(cause)
      ? cause.sentence
      : 'It is not JSON. Send the schema as a JSON encoder wrote it, as a string in "schema".'
    throw new TidingsError('schema_invalid', `The schema cannot be read. ${reason}`, { cause })
  }
}

/**
 * The same text for the same schema, however its JSON is laid out and in whatever order its keys are. Numbers stay as
 * they are written: 1.0 and 1 may mean different things to another language.
 */
export function canonicalText(text: string): string {
  return JSON.stringify(JSON.parse(text, keepNumber), sortedKeys)
}

/** Any other value with its keys in order. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, sortedKeys) ?? 'null'
}

function keepNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && context?.source !== undefined ? json.rawJSON(context.source) : value
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || json.isRawJSON(value))
    return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Source text access of JSON.parse (ECMA-262, in V8 since 11.4), which the types of TypeScript do not have yet. */
const json = JSON as typeof JSON & {
  rawJSON(text: string): object
  isRawJSON(value: unknown): boolean
}
