import { isObject, type JsonSchema } from '../json-schema.ts'
import type { Difference } from './difference.ts'
import { tokensOf } from './pointer.ts'

type Change = (holder: Record<string, unknown>, key: string, ...words: readonly string[]) => void

const remove: Change = (holder, key) => Reflect.deleteProperty(holder, key)
const setTo =
  (value: unknown): Change =>
  (holder, key) => {
    holder[key] = value
  }

/** What a fix says, done to the place of the difference in the schema that data is read with. */
const changes: readonly (readonly [RegExp, Change])[] = [
  [/^Remove "\w+"\.$/, remove],
  [/^Do not require /, remove],
  [/^Leave the schema for .* out of /, remove],
  [/^Leave the pattern ".*" out\.$/, remove],
  [/^Use the schema true, /, setTo(true)],
  [/^Set "\w+" to true, /, setTo(true)],
  [/^Give .* the schema \{\}/, setTo({})],
  [/^Leave "\w+" at (.*[^…])\.$/, (holder, key, value = '') => setTo(JSON.parse(value))(holder, key)],
  [
    /^Keep (.*[^…]) in "enum"\.$/,
    (holder, key, value = '') => setTo(listOf(holder[key], value))(holder, key),
  ],
  [
    /^Use "enum" and list (.*[^…]) as well\.$/,
    (holder, key, value = '') => {
      holder['enum'] = listOf([holder[key]], value)
      remove(holder, key)
    },
  ],
  [
    /^Use "(\w+)": (\S+) instead of "\w+"\.$/,
    (holder, key, name = '', value = '') => {
      remove(holder, key)
      holder[name] = Number(value)
    },
  ],
  [
    /^Allow (.*) as well: a list of types, /,
    (holder, key, types = '') =>
      setTo([...new Set([holder[key], types.split(/, | or /)].flat())])(holder, key),
  ],
]

/** The values of a list, and the one or the list that the text says. */
function listOf(list: unknown, text: string): readonly unknown[] {
  const value: unknown = JSON.parse(text)
  return [list, value].flat()
}

/** The schema that data is read with as the fix has it; `undefined` where the fix needs more than its words. */
export function followed(reader: JsonSchema, { path, fix = '' }: Difference): JsonSchema | undefined {
  const copy = structuredClone(reader)
  const tokens = tokensOf(encodeURIComponent(path).replaceAll('%2F', '/')) ?? []
  const optional = /^Leave (".*") optional, /.exec(fix)
  if (optional) return withoutRequired(copy, tokens, String(optional[1]))
  const [, change] = changes.find(([words]) => words.test(fix)) ?? []
  const words = changes.map(([pattern]) => pattern.exec(fix)).find((found) => found !== null)
  const holder = holderOf(copy, tokens)
  const key = tokens.at(-1)
  if (!change || !holder || key === undefined) return undefined
  change(holder, key, ...(words?.slice(1) ?? []))
  return copy
}

function withoutRequired(
  schema: JsonSchema,
  tokens: readonly string[],
  name: string,
): JsonSchema | undefined {
  const holder = holderOf(schema, tokens.slice(0, -1))
  if (!holder || !Array.isArray(holder['required'])) return undefined
  holder['required'] = holder['required'].filter((each) => JSON.stringify(each) !== name)
  return schema
}

/** The object or list that holds what the last token names. */
function holderOf(schema: JsonSchema, tokens: readonly string[]): Record<string, unknown> | undefined {
  let at: unknown = schema
  for (const token of tokens.slice(0, -1)) {
    if (typeof at !== 'object' || at === null) return undefined
    at = Object.entries(at).find(([key]) => key === token)?.[1]
  }
  if (isObject(at)) return at
  return Array.isArray(at) ? Object(at) : undefined
}
