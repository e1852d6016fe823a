import { describe, expect, it } from 'vitest'
import type { JsonSchema } from '../json-schema.ts'
import { compareSchemas } from './compare.ts'
import type { CompatibilityPolicy } from './level.ts'
import type { AnySchema } from './oracle.fixture.ts'

const passes = (writer: AnySchema, reader: AnySchema, policy: CompatibilityPolicy): boolean =>
  !compareSchemas({ schema: writer }, { schema: reader }, { policy }).some(({ breaks }) => breaks)

const string = { type: 'string' }
const short = { type: 'string', maxLength: 3 }
const integer = { type: 'integer' }
const number = { type: 'number' }
const none = { type: 'null' }
const object = (properties: Record<string, AnySchema>, more: JsonSchema = {}): JsonSchema => ({
  type: 'object',
  properties,
  ...more,
})
const open = (properties: Record<string, AnySchema>): JsonSchema => object(properties)
const closed = (properties: Record<string, AnySchema>): JsonSchema =>
  object(properties, { additionalProperties: false })
const unevaluated = (properties: Record<string, AnySchema>, rest: AnySchema): JsonSchema =>
  object(properties, { unevaluatedProperties: rest })
/** Partially open: a schema for a pattern, or for all others. */
const covered = (properties: Record<string, AnySchema>, cover: AnySchema): JsonSchema =>
  object(properties, { additionalProperties: cover })
const patterned = (properties: Record<string, AnySchema>, cover: AnySchema): JsonSchema =>
  object(properties, { patternProperties: { '^a': cover }, additionalProperties: false })
const tuple = (items: readonly AnySchema[], rest?: AnySchema): JsonSchema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'array',
  items,
  ...(rest === undefined ? {} : { additionalItems: rest }),
})
const prefix = (prefixItems: readonly AnySchema[], items?: AnySchema): JsonSchema => ({
  type: 'array',
  prefixItems,
  ...(items === undefined ? {} : { items }),
})
const required = (...names: readonly string[]): JsonSchema => ({ required: names })

type Row = readonly [sentence: string, writer: AnySchema, reader: AnySchema]

const passing: readonly Row[] = [
  [
    'annotations change',
    { title: 'a', default: 1, 'x-a': 1 },
    { description: 'b', examples: [2], $comment: 'c' },
  ],
  ['integer → number', integer, number],
  ['any bound relaxed: of a number', { minimum: 2, maximum: 3 }, { minimum: 1, maximum: 4 }],
  ['any bound relaxed: exclusive', { exclusiveMinimum: 2 }, { exclusiveMinimum: 1 }],
  ['any bound relaxed: of a text', { minLength: 2, maxLength: 3 }, { minLength: 1, maxLength: 4 }],
  ['any bound relaxed: of an array', { minItems: 2, maxItems: 3 }, { minItems: 1, maxItems: 4 }],
  [
    'any bound relaxed: of an object',
    { minProperties: 2, maxProperties: 3 },
    { minProperties: 1, maxProperties: 4 },
  ],
  ['any bound removed: of a number', { minimum: 2, exclusiveMaximum: 3 }, {}],
  ['any bound removed: of a text', { minLength: 2, maxLength: 3 }, {}],
  ['any bound removed: of an array', { minItems: 2, maxItems: 3 }, {}],
  ['any bound removed: of an object', { minProperties: 2, maxProperties: 3 }, {}],
  ['pattern removed', { pattern: 'a' }, {}],
  ['multipleOf removed', { multipleOf: 4 }, {}],
  ['multipleOf made a divisor', { multipleOf: 4 }, { multipleOf: 2 }],
  ['uniqueItems removed', { uniqueItems: true }, {}],
  ['enum extended', { enum: ['a'] }, { enum: ['b', 'a'] }],
  ['required removed', object({ a: {} }, required('a')), object({ a: {} })],
  [
    'required added with a default',
    object({ a: { type: 'string', default: '' } }),
    object({ a: { type: 'string', default: '' } }, required('a')),
  ],
  ['dependencies removed', { dependentRequired: { a: ['b'] } }, {}],
  ['dependencies removed: draft-07', { dependencies: { a: ['b'] } }, { dependencies: {} }],
  ['dependencies narrowed', { dependentRequired: { a: ['b', 'c'] } }, { dependentRequired: { a: ['b'] } }],
  [
    'dependencies narrowed: a schema',
    { dependentSchemas: { a: object({ b: integer }) } },
    { dependentSchemas: { a: object({ b: number }) } },
  ],
  ['additionalProperties opened', closed({}), open({})],
  ['additionalProperties widened', covered({}, integer), covered({}, number)],
  ['additionalItems opened', tuple([string], false), tuple([string])],
  ['additionalItems widened', tuple([string], integer), tuple([string], number)],
  ['items opened', { items: string }, {}],
  ['items widened', { items: integer }, { items: number }],
  ['unevaluatedProperties opened', unevaluated({}, false), unevaluated({}, true)],
  ['unevaluatedProperties widened', unevaluated({}, integer), unevaluated({}, number)],
  ['unevaluatedItems opened', { unevaluatedItems: false }, {}],
  ['unevaluatedItems widened', { unevaluatedItems: integer }, { unevaluatedItems: number }],
  ['anyOf extended', { anyOf: [string, integer] }, { anyOf: [none, integer, string] }],
  ['oneOf extended', { oneOf: [string, integer] }, { oneOf: [none, integer, string] }],
  ['allOf narrowed', { allOf: [string, { maxLength: 3 }] }, { allOf: [string] }],
  ['plain → anyOf if a member accepts it', string, { anyOf: [integer, string] }],
  ['plain → oneOf if a member accepts it', short, { oneOf: [integer, string] }],
  ['type: [a, b] counts as anyOf of types', { type: ['string', 'null'] }, { anyOf: [none, string] }],
  [
    'type: [a, b] counts as anyOf of types: the other way',
    { anyOf: [none, string] },
    { type: ['string', 'null'] },
  ],
  ['type: [a, b] counts as anyOf of types: extended', string, { type: ['string', 'null'] }],

  ['property removed: fine if the new model is open', open({ a: string, b: string }), open({ a: string })],
  ['property removed: fine if the new model is open, from closed', closed({ a: string }), open({})],
  [
    'property removed: closed, unless the old property was false',
    closed({ a: string, b: false }),
    closed({ a: string }),
  ],
  ['property removed: partially open, covered by all others', closed({ a: integer }), covered({}, number)],
  ['property removed: partially open, covered by a pattern', closed({ a: integer }), patterned({}, number)],
  [
    'property removed: partially open, covered by unevaluated',
    closed({ a: integer }),
    unevaluated({}, number),
  ],
  ['property added: open, the new schema is {}', open({}), open({ a: {} })],
  ['property added: open, the new schema is true', open({}), open({ a: true })],
  ['property added: closed, fine if optional', closed({}), closed({ a: string })],
  [
    'property added: closed, fine with a default',
    closed({}),
    object({ a: { type: 'string', default: '' } }, { additionalProperties: false, required: ['a'] }),
  ],
  [
    'property added: partially open, all others fit the new one',
    covered({}, integer),
    covered({ a: number }, integer),
  ],
  [
    'property added: partially open, a pattern fits the new one',
    patterned({}, integer),
    patterned({ a: number }, integer),
  ],

  ['item removed: open', tuple([string, integer]), tuple([string])],
  [
    'item removed: closed, unless the old item was false',
    tuple([string, false], false),
    tuple([string], false),
  ],
  ['item removed: partially open', tuple([string, integer], false), tuple([string], number)],
  ['item removed: partially open, prefixItems', prefix([string, integer], false), prefix([string], number)],
  ['item added: open, the new schema is {}', tuple([string]), tuple([string, {}])],
  ['item added: open, the new schema is {}, prefixItems', prefix([string]), prefix([string, true])],
  ['item added: closed', tuple([string], false), tuple([string, integer], false)],
  ['item added: closed, prefixItems', prefix([string], false), prefix([string, integer], false)],
  ['item added: partially open', tuple([string], integer), tuple([string, number], integer)],
  ['item added: partially open, prefixItems', prefix([string], integer), prefix([string, number], integer)],

  [
    'combined schemas of one kind: by maximum matching',
    { anyOf: [number, integer] },
    { anyOf: [number, { type: ['number', 'null'] }] },
  ],
  ['combined schemas: oneOf → anyOf', { oneOf: [string, integer] }, { anyOf: [string, integer] }],
  ['combined schemas: allOf → plain', { allOf: [string, { maxLength: 3 }] }, short],
  ['$ref is resolved', { $ref: '#/$defs/a', $defs: { a: integer } }, number],
  ['$ref is resolved: the other way', integer, { $ref: '#/definitions/a', definitions: { a: number } }],
  ['cycles are cut', open({ a: integer, next: { $ref: '#' } }), open({ a: number, next: { $ref: '#' } })],
  ['required names absent from properties are ignored', open({ a: {} }), object({ a: {} }, required('z'))],
]

const breaking: readonly Row[] = [
  ['number → integer', number, integer],
  ['a bound tightened', { minimum: 1 }, { minimum: 2 }],
  ['a bound added', {}, { maxProperties: 2 }],
  ['pattern added', {}, { pattern: 'a' }],
  ['pattern changed', { pattern: 'a' }, { pattern: 'b' }],
  ['multipleOf added', number, { type: 'number', multipleOf: 2 }],
  ['multipleOf no divisor', { multipleOf: 4 }, { multipleOf: 3 }],
  ['uniqueItems added', {}, { uniqueItems: true }],
  ['enum narrowed', { enum: ['a', 'b'] }, { enum: ['a'] }],
  ['required added', open({ a: string }), object({ a: string }, required('a'))],
  ['dependencies added', {}, { dependentRequired: { a: ['b'] } }],
  ['dependencies widened', { dependencies: { a: ['b'] } }, { dependencies: { a: ['b', 'c'] } }],
  ['additionalItems closed', tuple([string]), tuple([string], false)],
  ['items narrowed', { items: number }, { items: integer }],
  ['unevaluatedItems closed', { type: 'array' }, { unevaluatedItems: false }],
  ['anyOf narrowed', { anyOf: [string, integer] }, { anyOf: [string] }],
  ['oneOf narrowed', { oneOf: [string, integer, none] }, { oneOf: [string, integer] }],
  ['allOf extended', { allOf: [string] }, { allOf: [string, { maxLength: 3 }] }],
  ['plain → anyOf without a member that accepts it', { type: 'boolean' }, { anyOf: [integer, string] }],
  ['type: [a, b] narrowed', { type: ['string', 'null'] }, string],

  ['property removed: partially open, not covered', closed({ a: string }), covered({}, integer)],
  [
    'property removed: partially open, the pattern does not fit',
    closed({ a: string }),
    patterned({}, integer),
  ],
  [
    'property added: closed, required without a default',
    closed({}),
    object({ a: string }, { additionalProperties: false, required: ['a'] }),
  ],
  [
    'property added: partially open, all others do not fit',
    covered({}, number),
    covered({ a: integer }, number),
  ],
  [
    'property added: partially open, a pattern does not fit',
    patterned({}, number),
    patterned({ a: integer }, number),
  ],

  ['item removed: closed', tuple([string, integer], false), tuple([string], false)],
  ['item removed: closed, prefixItems', prefix([string, integer], false), prefix([string], false)],
  ['item removed: partially open, not covered', tuple([string, string], false), tuple([string], integer)],
  ['item added: open', tuple([string]), tuple([string, integer])],
  ['item added: open, prefixItems', prefix([string]), prefix([string, integer])],
  [
    'item added: partially open, further items do not fit',
    tuple([string], number),
    tuple([string, integer], number),
  ],

  ['combined schemas: anyOf → oneOf', { anyOf: [string, integer] }, { oneOf: [string, integer] }],
  [
    '$ref is compared structurally',
    { $ref: '#/$defs/a', $defs: { a: number } },
    { $ref: '#/$defs/a', $defs: { a: integer } },
  ],
  [
    'cycles are cut, and what breaks inside is found',
    open({ a: number, b: { $ref: '#' } }),
    open({ a: integer, b: { $ref: '#' } }),
  ],
]

/** What `lenient` also allows. */
const lenient: readonly Row[] = [
  ['adding an optional property to an open object', open({}), open({ a: string })],
  ['narrowing additionalProperties', covered({}, number), covered({}, integer)],
  ['removing additionalProperties', open({}), closed({})],
  ['narrowing unevaluatedProperties', unevaluated({}, number), unevaluated({}, integer)],
  ['removing from closed', closed({ a: string }), closed({})],
]

describe('Under the policy strict', () => {
  it.each(passing)('passes: %s', (_, writer, reader) => {
    expect(passes(writer, reader, 'strict')).toBe(true)
  })

  it.each([...breaking, ...lenient])('breaks: %s', (_, writer, reader) => {
    expect(passes(writer, reader, 'strict')).toBe(false)
  })

  it('a list does not become a tuple', () => {
    expect(passes({ items: integer }, { items: [integer] }, 'strict')).toBe(false)
  })
})

describe('Under the policy lenient', () => {
  it.each([...passing, ...lenient])('passes: %s', (_, writer, reader) => {
    expect(passes(writer, reader, 'lenient')).toBe(true)
  })

  it.each(breaking)('breaks: %s', (_, writer, reader) => {
    expect(passes(writer, reader, 'lenient')).toBe(false)
  })

  it('a list becomes a tuple that fits', () => {
    expect(passes({ items: integer }, { items: [integer] }, 'lenient')).toBe(true)
  })
})
