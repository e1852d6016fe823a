import { describe, expect, it } from 'vitest'
import type { JsonSchema } from '../json-schema.ts'
import { type CompareOptions, compareSchemas } from './compare.ts'
import type { Difference } from './difference.ts'

type AnySchema = JsonSchema | boolean

const between = (writer: AnySchema, reader: AnySchema, options?: CompareOptions): readonly Difference[] =>
  compareSchemas({ schema: writer }, { schema: reader }, options)
const broken = (writer: AnySchema, reader: AnySchema, options?: CompareOptions): string[] =>
  between(writer, reader, options).flatMap(({ breaks, kind, path }) => (breaks ? [`${kind} ${path}`] : []))

const string = { type: 'string' }
const integer = { type: 'integer' }
const object = (properties: Record<string, AnySchema>, more: JsonSchema = {}): JsonSchema => ({
  type: 'object',
  properties,
  ...more,
})
const closed = { additionalProperties: false }

const withCity = (minLength: number): JsonSchema => ({
  properties: { home: { $ref: '#/$defs/city' }, work: { $ref: '#/$defs/city' } },
  $defs: { city: { type: 'string', minLength } },
})

const tagged = (kind: string, minimum: number): JsonSchema =>
  object({ kind: { const: kind }, amount: { type: 'number', minimum } }, { required: ['kind'] })

const inheriting = (more: Record<string, AnySchema>): JsonSchema => ({
  $ref: '#/$defs/base',
  properties: { b: string, ...more },
  unevaluatedProperties: false,
  $defs: { base: object({ a: string }) },
})

describe('A difference', () => {
  it('has its kind, its place, words and the change that would make it pass', () => {
    expect(between(object({ total: { maximum: 13 } }), object({ total: { maximum: 11 } }))).toEqual([
      {
        kind: 'maximum_tightened',
        path: '/properties/total/maximum',
        message: '"maximum" is 11 where data is read, and 13 where it is written.',
        breaks: true,
        fix: 'Leave "maximum" at 13.',
      },
    ])
  })

  it('that breaks nothing is listed too, without a fix', () => {
    const before = { type: 'integer', maximum: 3, title: 'Amount', enum: [1, 2] }
    const after = { type: 'number', title: 'Total', enum: [1, 2, 3] }
    const found = between(before, after)
    expect(found.map(({ kind, breaks, fix }) => [kind, breaks, fix])).toEqual([
      ['maximum_removed', false, undefined],
      ['title_changed', false, undefined],
      ['type_relaxed', false, undefined],
      ['enum_relaxed', false, undefined],
    ])
  })

  it('names the schema that can still be changed: the reader, or under FORWARD the writer', () => {
    const [earlier, update] = [object({ id: string }, { required: ['id'] }), object({ id: string })]
    const difference = between(update, earlier, { newer: 'writer' }).find(({ breaks }) => breaks)
    expect(difference?.fix).toBe('Keep "id" required.')
    expect(between(update, earlier).find(({ breaks }) => breaks)?.fix).toMatch(/^Leave "id" optional/)
  })

  it('escapes slashes and tildes in its place', () => {
    expect(broken(object({ 'a/b~c': string }), object({ 'a/b~c': integer }))).toEqual([
      'type_changed /properties/a~1b~0c/type',
    ])
  })

  it('is found once where two properties refer to one definition', () => {
    expect(broken(withCity(1), withCity(2))).toEqual(['minLength_tightened /$defs/city/minLength'])
  })
})

describe('Under the policy strict', () => {
  // The sentences of the policy have a table of their own: policy.test.ts.
  const allowed: readonly (readonly [string, AnySchema, AnySchema])[] = [
    ['an exclusive bound becomes inclusive', { exclusiveMinimum: 3 }, { minimum: 3 }],
    ['multipleOf becomes a divisor in decimals', { multipleOf: 0.3 }, { multipleOf: 0.1 }],
    [
      'an enum is extended, whatever the order',
      { enum: ['a', { b: 1, c: 2 }] },
      { enum: [{ c: 2, b: 1 }, 'z', 'a'] },
    ],
    ['a const becomes an enum', { const: 1 }, { enum: [2, 1] }],
    ['one of one becomes plain', { oneOf: [string] }, string],
    ['an enum becomes alternatives', { enum: ['a', 'b'] }, { oneOf: [{ const: 'b' }, { const: 'a' }] }],
    ['alternatives become an enum', { oneOf: [{ const: 'b' }, { const: 'a' }] }, { enum: ['a', 'b'] }],
    ['not refuses less', { not: { type: 'string' } }, { not: { type: 'string', maxLength: 3 } }],
    ['not refuses what is never written', integer, { type: 'integer', not: string }],
    [
      'what is asked of a type that not refuses changes',
      { not: { type: 'array' } },
      { minItems: 3, not: { type: 'array' } },
    ],
    [
      'what is asked of names changes where none can be',
      { propertyNames: false },
      { propertyNames: false, properties: { a: string } },
    ],
    [
      'what is said of other types changes',
      integer,
      { type: 'integer', maxLength: 3, pattern: 'x', required: ['a'] },
    ],
    [
      'a rest that refuses nothing is described',
      object({}),
      object({}, { additionalProperties: { title: 'x' } }),
    ],
    ['a format that nobody checks appears', string, { type: 'string', format: 'sku' }],
  ]

  it.each(allowed)('it passes when %s', (_, writer, reader) => {
    expect(broken(writer, reader)).toEqual([])
  })

  const refused: readonly (readonly [string, AnySchema, AnySchema, string])[] = [
    ['a number becomes an integer', { type: 'number' }, integer, 'type_tightened /type'],
    ['a bound is added', {}, { maxItems: 3 }, 'maxItems_added /maxItems'],
    ['a pattern changes', { pattern: 'a' }, { pattern: 'b' }, 'pattern_changed /pattern'],
    ['multipleOf is no divisor', { multipleOf: 4 }, { multipleOf: 3 }, 'multipleOf_tightened /multipleOf'],
    ['a value leaves an enum', { enum: [1, 2] }, { enum: [1] }, 'enum_tightened /enum'],
    ['a format changes', { format: 'date' }, { format: 'uuid' }, 'format_changed /format'],
    [
      'a name is required',
      object({ a: string }),
      object({ a: string }, { required: ['a'] }),
      'required_added /required/0',
    ],
    ['a name is required where nothing is described', {}, { required: ['a'] }, 'required_added /required/0'],
    [
      'a closed object loses a property',
      object({ a: string }, closed),
      object({}, closed),
      'property_removed /properties/a',
    ],
    ['an open object gains a property', object({}), object({ a: string }), 'property_added /properties/a'],
    [
      'an open object is closed',
      object({}),
      object({}, closed),
      'additionalProperties_added /additionalProperties',
    ],
    [
      'a covered property does not fit',
      object({ a: string }, closed),
      object({}, { additionalProperties: integer }),
      'type_changed /additionalProperties/type',
    ],
    [
      'any of several patterns does not fit',
      object({ ab: string }, closed),
      object({}, { patternProperties: { '^a': {}, b$: integer } }),
      'type_changed /patternProperties/b$/type',
    ],
    [
      'a tuple is shortened and closed',
      { prefixItems: [string, string], items: false },
      { prefixItems: [string], items: false },
      'item_removed /prefixItems/1',
    ],
    [
      'an alternative is gone',
      { anyOf: [string, integer] },
      { anyOf: [string, { type: 'null' }] },
      'type_changed /anyOf/1/type',
    ],
    [
      'there are fewer alternatives',
      { anyOf: [string, integer, { type: 'null' }] },
      { anyOf: [string, integer] },
      'anyOf_tightened /anyOf',
    ],
    [
      'anyOf becomes oneOf',
      { anyOf: [string, integer] },
      { oneOf: [string, integer] },
      'oneOf_changed /oneOf',
    ],
    [
      'no alternative accepts what was plain',
      { type: 'boolean' },
      { anyOf: [string, integer] },
      'anyOf_added /anyOf',
    ],
    [
      'allOf gains a member',
      { allOf: [string, { minLength: 1 }] },
      { allOf: [string, { minLength: 1 }, { maxLength: 5 }] },
      'maxLength_added /allOf/2/maxLength',
    ],
    [
      'an alternative of oneOf grows into another',
      { oneOf: [string, { maxLength: 5 }] },
      { oneOf: [string, { maxLength: 9 }] },
      'oneOf_changed /oneOf/1',
    ],
    ['true becomes false', true, false, 'false_schema '],
  ]

  it.each(refused)('it breaks when %s', (_, writer, reader, difference) => {
    expect(broken(writer, reader)).toEqual([difference])
  })

  it('lets a tagged alternative of oneOf accept more', () => {
    expect(
      broken({ oneOf: [tagged('a', 3), tagged('b', 3)] }, { oneOf: [tagged('b', 2), tagged('a', 1)] }),
    ).toEqual([])
  })

  it('finds the matching of alternatives that a first choice would miss', () => {
    const writer = { anyOf: [{ type: 'number' }, integer] }
    const reader = { anyOf: [{ type: 'number' }, { type: ['number', 'null'] }] }
    expect(broken(writer, reader)).toEqual([])
  })

  it('knows an inherited base with unevaluatedProperties as closed', () => {
    expect(broken(inheriting({}), inheriting({ c: string }))).toEqual([])
    expect(broken(inheriting({ c: string }), inheriting({}))).toEqual(['property_removed /properties/c'])
  })
})

describe('Under the policy lenient', () => {
  const lenient = { policy: 'lenient' } as const
  it.each<readonly [string, AnySchema, AnySchema]>([
    ['an open object gains an optional property', object({}), object({ a: string })],
    ['an open object is closed', object({}), object({}, closed)],
    [
      'additionalProperties is narrowed',
      object({}, { additionalProperties: { type: 'number' } }),
      object({}, { additionalProperties: integer }),
    ],
    ['a closed object loses a property', object({ a: string }, closed), object({}, closed)],
  ])('it passes when %s', (_, writer, reader) => {
    expect(broken(writer, reader, lenient)).toEqual([])
    expect(broken(writer, reader)).not.toEqual([])
  })

  it('still breaks where a property is required, or changes its type', () => {
    const writer = object({ a: string })
    expect(broken(writer, object({ a: integer }), lenient)).toEqual(['type_changed /properties/a/type'])
    expect(broken(writer, object({ a: string, b: string }, { required: ['b'] }), lenient)).toEqual([
      'required_added /required/0',
    ])
  })
})
