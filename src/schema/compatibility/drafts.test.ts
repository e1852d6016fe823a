import { describe, expect, it } from 'vitest'
import type { JsonSchema } from '../json-schema.ts'
import { compareSchemas } from './compare.ts'

const draft07 = { $schema: 'http://json-schema.org/draft-07/schema#' }
const draft2019 = { $schema: 'https://json-schema.org/draft/2019-09/schema' }
const draft2020 = { $schema: 'https://json-schema.org/draft/2020-12/schema' }
const string = { type: 'string' }
const integer = { type: 'integer' }

const broken = (writer: JsonSchema, reader: JsonSchema): readonly string[] =>
  compareSchemas({ schema: writer }, { schema: reader }).flatMap(({ breaks, path }) => (breaks ? [path] : []))

describe('A schema that is written in the words of another draft', () => {
  it.each<readonly [string, JsonSchema, JsonSchema]>([
    [
      'a tuple',
      { ...draft07, items: [string, integer], additionalItems: false },
      { ...draft2020, prefixItems: [string, integer], items: false },
    ],
    [
      'a tuple of 2019-09',
      { ...draft2019, items: [string], additionalItems: integer },
      { ...draft2020, prefixItems: [string], items: integer },
    ],
    [
      'dependencies',
      { ...draft07, dependencies: { a: ['b'], c: { required: ['d'] } } },
      { ...draft2020, dependentRequired: { a: ['b'] }, dependentSchemas: { c: { required: ['d'] } } },
    ],
    [
      'definitions',
      { ...draft07, items: { $ref: '#/definitions/a' }, definitions: { a: integer } },
      { ...draft2019, items: { $ref: '#/$defs/a' }, $defs: { a: integer } },
    ],
    [
      'a schema that refers to itself',
      { ...draft2019, properties: { next: { $recursiveRef: '#' } } },
      { ...draft2020, properties: { next: { $dynamicRef: '#' } } },
    ],
  ])('is the same: %s', (_, older, newer) => {
    expect([broken(older, newer), broken(newer, older)]).toEqual([[], []])
  })

  it('differs where what it says differs', () => {
    const older = { ...draft07, items: [integer], additionalItems: false }
    expect(broken(older, { ...draft2020, prefixItems: [string], items: false })).toEqual([
      '/prefixItems/0/type',
    ])
  })
})

describe('A keyword that a draft does not know', () => {
  it.each<readonly [string, JsonSchema, JsonSchema]>([
    ['prefixItems in draft-07', draft07, { prefixItems: [string] }],
    ['unevaluatedProperties in draft-07', draft07, { unevaluatedProperties: false }],
    ['dependentRequired in draft-07', draft07, { dependentRequired: { a: ['b'] } }],
    ['prefixItems in 2019-09', draft2019, { prefixItems: [string] }],
    ['additionalItems in 2020-12', draft2020, { additionalItems: false }],
  ])('says nothing: %s', (_, draft, keyword) => {
    expect(broken(draft, { ...draft, ...keyword })).toEqual([])
  })

  it.each<readonly [string, JsonSchema, JsonSchema, string]>([
    [
      'unevaluatedProperties in 2019-09',
      draft2019,
      { unevaluatedProperties: false },
      '/unevaluatedProperties',
    ],
    ['dependentRequired in 2019-09', draft2019, { dependentRequired: { a: ['b'] } }, '/dependentRequired/a'],
    ['prefixItems in 2020-12', draft2020, { prefixItems: [string] }, '/prefixItems/0'],
  ])('counts where it does: %s', (_, draft, keyword, path) => {
    expect(broken(draft, { ...draft, ...keyword })).toEqual([path])
  })
})
