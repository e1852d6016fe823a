import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonSchema } from '../json-schema.ts'
import { type CompareOptions, compareSchemas } from './compare.ts'
import type { Difference } from './difference.ts'
import { followed } from './fix.fixture.ts'
import { type AnySchema, schemaPair } from './oracle.fixture.ts'

const breaking = (writer: AnySchema, reader: AnySchema, options?: CompareOptions): readonly Difference[] =>
  compareSchemas({ schema: writer }, { schema: reader }, options).filter(({ breaks }) => breaks)

const runs = Number(process.env['TIDINGS_ORACLE_PAIRS'] ?? 1_500)
const seed = Number(process.env['TIDINGS_ORACLE_SEED'] ?? 1)

it('A fix, done as it says, leaves nothing of its difference', () => {
  let tried = 0
  const vain = fc.sample(schemaPair(2), { numRuns: runs, seed }).flatMap(([writer, reader]) =>
    breaking(writer, reader).flatMap((difference) => {
      const fixed = followed(reader, difference)
      if (fixed === undefined) return []
      tried++
      const { kind, path, message, fix } = difference
      const left = breaking(writer, fixed).some(
        (each) => each.kind === kind && each.path === path && each.message === message,
      )
      return left ? [JSON.stringify({ writer, reader, path, fix })] : []
    }),
  )
  expect(vain).toEqual([])
  expect(tried).toBeGreaterThan(runs / 8)
})

const string = { type: 'string' }
const integer = { type: 'integer' }
const closed = { additionalProperties: false }
const object = (properties: Record<string, AnySchema>, more: JsonSchema = {}): JsonSchema => ({
  type: 'object',
  properties,
  ...more,
})

/** What the fix says, and the newer schema when it is followed; `lenient` where it says to use that policy. */
type Row = readonly [
  fix: string,
  writer: AnySchema,
  reader: AnySchema,
  ...followed: readonly (AnySchema | 'lenient')[],
]

const backward: readonly Row[] = [
  ['Use the schema true, or the one that data is written with.', string, false, true, string],
  ['Remove "type".', {}, string, {}],
  [
    'Allow string as well: a list of types, or anyOf.',
    string,
    integer,
    { type: ['integer', 'string'] },
    { anyOf: [string, integer] },
  ],
  ['Keep 2 in "enum".', { enum: [1, 2] }, { enum: [1] }, { enum: [1, 2] }],
  ['Use "enum" and list 1 as well.', { const: 1 }, { const: 2 }, { enum: [1, 2] }],
  ['Leave "maximum" at 13.', { maximum: 13 }, { maximum: 11 }, { maximum: 13 }],
  [
    'Use "minimum": 3 instead of "exclusiveMinimum".',
    { minimum: 3 },
    { exclusiveMinimum: 3 },
    { minimum: 3 },
  ],
  ['Leave "pattern" at "a".', { pattern: 'a' }, { pattern: 'b' }, { pattern: 'a' }],
  [
    'Leave "minLength" at 3.',
    { allOf: [{ minLength: 1 }, { minLength: 3 }] },
    { minLength: 5 },
    { minLength: 3 },
  ],
  [
    'Leave "contains" at {"const":1}.',
    { contains: { const: 1 } },
    { contains: { const: 2 } },
    { contains: { const: 1 } },
  ],
  [
    'Set "minContains" as it is where data is written.',
    { contains: string, minContains: 1 },
    { contains: string, minContains: 2 },
    { contains: string, minContains: 1 },
  ],
  [
    'Leave "id" optional, or give the new version an upcaster.',
    object({ id: string }),
    object({ id: string }, { required: ['id'] }),
    object({ id: string }),
  ],
  [
    'Do not require "b" beside "a".',
    {},
    { dependentRequired: { a: ['b'] } },
    { dependentRequired: { a: [] } },
  ],
  [
    'Leave the schema for "a" out of "dependentSchemas".',
    {},
    { dependentSchemas: { a: { required: ['b'] } } },
    { dependentSchemas: {} },
  ],
  [
    'Keep "a", set "additionalProperties" to true, or use the policy lenient.',
    object({ a: string }, closed),
    object({}, closed),
    object({ a: string }, closed),
    object({}, { additionalProperties: true }),
    'lenient',
  ],
  [
    'Leave out the pattern that refuses "a", or use the policy lenient.',
    object({ a: string }, closed),
    object({}, { patternProperties: { '^a': false } }),
    object({}),
    'lenient',
  ],
  [
    'Give "a" the schema {}, add it in a version with an upcaster, or use the policy lenient.',
    object({}),
    object({ a: string }),
    object({ a: {} }),
    'lenient',
  ],
  [
    'Set "additionalProperties" to true, or use the policy lenient.',
    object({}),
    object({}, closed),
    object({}, { additionalProperties: true }),
    'lenient',
  ],
  [
    'Set "unevaluatedProperties" to true, or use the policy lenient.',
    object({}),
    object({}, { unevaluatedProperties: integer }),
    object({}, { unevaluatedProperties: true }),
    'lenient',
  ],
  [
    'Leave the pattern "^a" out.',
    object({}),
    object({}, { patternProperties: { '^a': string } }),
    object({}, { patternProperties: {} }),
  ],
  [
    'Describe the item as it is written.',
    { prefixItems: [string, integer], items: false },
    { prefixItems: [string], items: false },
    { prefixItems: [string, integer], items: false },
  ],
  ['Give the item the schema {}.', { type: 'array' }, { prefixItems: [string] }, { prefixItems: [{}] }],
  ['Remove "items".', { type: 'array' }, { items: string }, {}],
  ['Keep one schema for all items.', { items: string }, { items: [string] }, { items: string }],
  [
    'Keep the alternative "/anyOf/2".',
    { anyOf: [string, integer, { type: 'null' }] },
    { anyOf: [string, integer] },
    { anyOf: [string, integer, { type: 'null' }] },
  ],
  [
    'Add an alternative with the schema that data is written with.',
    { type: 'boolean' },
    { anyOf: [string, integer] },
    { anyOf: [string, integer, { type: 'boolean' }] },
  ],
  [
    'Use "anyOf", and add an alternative with the schema that data is written with.',
    { type: 'number' },
    { oneOf: [string, integer] },
    { anyOf: [string, integer, { type: 'number' }] },
  ],
  [
    'Use "anyOf" with the same alternatives.',
    { anyOf: [string, integer] },
    { oneOf: [string, integer] },
    { anyOf: [string, integer] },
  ],
  [
    'Use "anyOf".',
    { oneOf: [string, { maxLength: 5 }] },
    { oneOf: [string, { maxLength: 9 }] },
    { anyOf: [string, { maxLength: 9 }] },
  ],
  [
    'Remove "maxContains".',
    { contains: string, maxContains: 1 },
    { contains: {}, maxContains: 1 },
    { contains: {} },
  ],
  ['Remove "if".', {}, { if: string, else: { maxLength: 3 } }, {}],
  [
    'Leave "if", "then" and "else" as they are where data is written.',
    { if: integer, else: { maximum: 3 } },
    { if: string, else: { maxLength: 3 } },
    { if: integer, else: { maximum: 3 } },
  ],
]

const forward: readonly Row[] = [
  [
    'Use the schema false: write nothing here.',
    object({ a: string }),
    object({ a: false }),
    object({ a: false }),
  ],
  ['Write only integer.', { type: 'number' }, integer, integer],
  ['Leave 2 out.', { enum: [1, 2] }, { enum: [1] }, { enum: [1] }],
  ['Set "maximum" to 11.', { maximum: 13 }, { maximum: 11 }, { maximum: 11 }],
  ['Set "exclusiveMinimum" to 3.', { minimum: 3 }, { exclusiveMinimum: 3 }, { exclusiveMinimum: 3 }],
  [
    'Set "minContains" to 2.',
    { contains: {} },
    { contains: {}, minContains: 2 },
    { contains: {}, minContains: 2 },
  ],
  [
    'Keep "id" required.',
    object({ id: string }),
    object({ id: string }, { required: ['id'] }),
    object({ id: string }, { required: ['id'] }),
  ],
  ['Require "b" beside "a".', {}, { dependentRequired: { a: ['b'] } }, { dependentRequired: { a: ['b'] } }],
  [
    'Keep the schema for "a" in "dependentSchemas".',
    {},
    { dependentSchemas: { a: { required: ['b'] } } },
    { dependentSchemas: { a: { required: ['b'] } } },
  ],
  [
    'Do not add "a" before it can be read everywhere, or use the policy lenient.',
    object({ a: string }, closed),
    object({}, closed),
    object({}, closed),
    'lenient',
  ],
  [
    'Keep "a", or close the object: "additionalProperties": false.',
    object({}),
    object({ a: string }),
    object({ a: string }),
    object({}, closed),
  ],
  [
    'Set "additionalProperties" and what stands beside it as it is where data is read, or use the policy lenient.',
    object({}),
    object({}, closed),
    object({}, closed),
    'lenient',
  ],
  [
    'Keep the pattern "^a".',
    object({}),
    object({}, { patternProperties: { '^a': string } }),
    object({}, { patternProperties: { '^a': string } }),
  ],
  [
    'Close the array: "maxItems": 1.',
    { prefixItems: [string, integer], items: false },
    { prefixItems: [string], items: false },
    { prefixItems: [string, integer], items: false, maxItems: 1 },
  ],
  [
    'Describe the item as it is read, or close the array: "maxItems": 0.',
    { type: 'array' },
    { prefixItems: [string] },
    { type: 'array', prefixItems: [string] },
    { type: 'array', maxItems: 0 },
  ],
  [
    'Set "items" and what stands beside it as it is where data is read.',
    { type: 'array' },
    { items: string },
    { items: string },
  ],
  [
    'Describe the items by position, as they are read.',
    { items: string },
    { items: [string] },
    { items: [string] },
  ],
  [
    'Do not write the alternative "/anyOf/2" before it can be read everywhere.',
    { anyOf: [string, integer, { type: 'null' }] },
    { anyOf: [string, integer] },
    { anyOf: [string, integer] },
  ],
  [
    'Use the alternatives of "oneOf" that are read.',
    { anyOf: [string, integer] },
    { oneOf: [string, integer] },
    { oneOf: [string, integer] },
  ],
  [
    'Set "contains" and "maxContains" as they are where data is read.',
    { contains: string, maxContains: 1 },
    { contains: {}, maxContains: 1 },
    { contains: {}, maxContains: 1 },
  ],
  [
    'Set "if", "then" and "else" as they are where data is read.',
    {},
    { if: string, else: { maxLength: 3 } },
    { if: string, else: { maxLength: 3 } },
  ],
]

interface Case {
  readonly fix: string
  readonly writer: AnySchema
  readonly reader: AnySchema
  readonly ways: readonly (AnySchema | 'lenient')[]
}

const rowOf = ([fix, writer, reader, ...ways]: Row): Case => ({ fix, writer, reader, ways })
const fixes = (found: readonly Difference[]): readonly (string | undefined)[] => found.map(({ fix }) => fix)

describe('A fix of the schema that data is read with', () => {
  it.each(backward.map(rowOf))('$fix', ({ fix, writer, reader, ways }) => {
    expect(fixes(breaking(writer, reader))).toContain(fix)
    for (const way of ways) {
      const left = way === 'lenient' ? breaking(writer, reader, { policy: way }) : breaking(writer, way)
      expect(left, JSON.stringify(way)).toEqual([])
    }
  })
})

describe('A fix of the schema that data is written with', () => {
  const newer = 'writer'
  it.each(forward.map(rowOf))('$fix', ({ fix, writer, reader, ways }) => {
    expect(fixes(breaking(writer, reader, { newer }))).toContain(fix)
    for (const way of ways) {
      const left =
        way === 'lenient'
          ? breaking(writer, reader, { newer, policy: way })
          : breaking(way, reader, { newer })
      expect(left, JSON.stringify(way)).toEqual([])
    }
  })
})
