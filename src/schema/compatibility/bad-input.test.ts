import { describe, expect, it } from 'vitest'
import { limits, TidingsError } from '../../kernel/index.ts'
import type { JsonSchema } from '../json-schema.ts'
import { compareSchemas } from './compare.ts'
import type { SchemaSource } from './difference.ts'

type AnySchema = JsonSchema | boolean

const breaks = (writer: SchemaSource, reader: SchemaSource): boolean =>
  compareSchemas(writer, reader).some((difference) => difference.breaks)
const broken = (writer: AnySchema, reader: AnySchema): boolean =>
  breaks({ schema: writer }, { schema: reader })

function refusal(compare: () => unknown): string {
  try {
    compare()
  } catch (error) {
    if (error instanceof TidingsError) return error.message
    throw error
  }
  return 'compared'
}

const person = (more: JsonSchema): JsonSchema => ({
  $ref: '#/$defs/person',
  $defs: {
    person: { type: 'object', properties: { name: more, children: { items: { $ref: '#/$defs/person' } } } },
  },
})

describe('References', () => {
  it('are followed to definitions, ids and anchors', () => {
    const byAnchor = { $ref: '#city', $defs: { city: { $anchor: 'city', type: 'string' } } }
    const byId = {
      $id: 'https://example.com/order',
      $ref: 'city',
      $defs: { any: { $id: 'https://example.com/city', type: 'string' } },
    }
    const byOldId = { $ref: '#city', definitions: { city: { $id: '#city', type: 'string' } } }
    for (const schema of [byAnchor, byId, byOldId]) {
      expect([broken(schema, { type: 'string' }), broken({ type: 'string' }, schema)]).toEqual([false, false])
      expect(broken(schema, { type: 'integer' })).toBe(true)
    }
  })

  it('may form circles', () => {
    expect(broken(person({ type: 'string' }), person({ type: ['string', 'null'] }))).toBe(false)
    expect(broken(person({ type: 'string' }), person({ type: 'integer' }))).toBe(true)
    expect(broken({ $ref: '#' }, { $ref: '#' })).toBe(false)
    expect(
      broken({ anyOf: [{ type: 'string' }, { $ref: '#' }] }, { type: 'integer', allOf: [{ $ref: '#' }] }),
    ).toBe(true)
  })

  it('lead outside only through resolve, and each side has its own', () => {
    const schema = { properties: { city: { $ref: 'city.json#/$defs/name' } } }
    const resolving = (type: string): SchemaSource => ({
      schema,
      resolve: (address) => (address === 'city.json' ? { $defs: { name: { type } } } : undefined),
    })
    expect(breaks(resolving('integer'), resolving('number'))).toBe(false)
    expect(compareSchemas(resolving('number'), resolving('integer')).map(({ path }) => path)).toEqual([
      'city.json#/$defs/name/type',
    ])
  })

  it('that lead nowhere are refused by name', () => {
    for (const $ref of [
      '#/$defs/city',
      'city.json',
      '#city',
      'https://example.com/city',
      '#/constructor',
      '#/%',
    ]) {
      expect(refusal(() => broken({ properties: { a: { $ref } } }, {}))).toBe('compared')
      const message = refusal(() =>
        broken({ properties: { a: {} } }, { properties: { a: { $ref } }, title: 'x' }),
      )
      expect(message).toMatch(/^schema_reference_missing: \/properties\/a\/\$ref refers to /)
    }
  })
})

const chain = (last: string): JsonSchema => {
  const steps = Array.from({ length: 5_000 }, (_, at) => [
    `d${at}`,
    { items: { $ref: `#/$defs/d${at + 1}` } },
  ])
  return { $ref: '#/$defs/d0', $defs: { ...Object.fromEntries(steps), d5000: { type: last } } }
}

const constants = (count: number): JsonSchema => ({
  oneOf: Array.from({ length: count }, (_, at) => ({ const: at })),
})

const patterned = (length: number): JsonSchema => ({
  anyOf: Array.from({ length: 10_000 }, (_, at) => ({
    maxLength: length,
    title: `${length} ${at}`,
    pattern: `${at}`,
  })),
})

const alternatives = (at: number, type: string): JsonSchema => ({
  anyOf: ['a', 'b', 'c', 'd'].map((name) => ({
    type: 'object',
    required: [name],
    properties: { [name]: { $ref: `#/$defs/l${at + 1}` }, [type]: {} },
  })),
})

const nested = (type: string): JsonSchema => ({
  $ref: '#/$defs/l0',
  $defs: Object.fromEntries([
    ...Array.from({ length: 60 }, (_, at) => [`l${at}`, alternatives(at, type)]),
    ['l60', { type }],
  ]),
})

const withPattern = (pattern: string): JsonSchema => ({
  patternProperties: { [pattern]: { type: 'string' } },
})

describe('A comparison ends', () => {
  it('with a named error when a schema nests too deep', () => {
    let schema: JsonSchema = { type: 'string' }
    for (let depth = 0; depth < 5_000; depth++) schema = { items: schema }
    expect(refusal(() => broken(schema, schema))).toMatch(
      /^schema_invalid: The schema nests more than 256 levels/,
    )
  })

  it('with a named error when definitions lead on for too long', () => {
    expect(refusal(() => broken(chain('string'), chain('integer')))).toMatch(
      /^schema_too_complex: .*256 levels/,
    )
  })

  it('at once for 10,000 alternatives that did not change', () => {
    expect(broken(constants(10_000), constants(10_001))).toBe(false)
  })

  it('within its budget for 10,000 that all did', () => {
    expect(refusal(() => broken(patterned(5), patterned(4)))).toMatch(
      /^schema_too_complex: .*100000 steps\. Use fewer/,
    )
  })

  it('within its budget for alternatives and references inside each other', () => {
    expect(refusal(() => broken(nested('string'), nested('integer')))).toMatch(
      /^(compared|schema_too_complex: )/,
    )
  })

  it('for a hostile pattern, and names one that RE2 cannot run', () => {
    const writer = { properties: { ['a'.repeat(100_000)]: { type: 'integer' } }, additionalProperties: false }
    expect(broken(writer, withPattern('^(a+)+$'))).toBe(true)
    expect(refusal(() => broken(writer, withPattern('(?=a)')))).toMatch(
      /^schema_invalid: .*does not run on RE2/,
    )
  })
})

describe('Names', () => {
  it('of what every object inherits are names like others', () => {
    const schema: unknown = JSON.parse(
      '{"properties":{"__proto__":{"type":"string"},"constructor":{"type":"string"}},"required":["toString"]}',
    )
    const other: unknown = JSON.parse(
      '{"properties":{"__proto__":{"type":"integer"},"constructor":{"type":"string"}}}',
    )
    const found = compareSchemas({ schema: Object(schema) }, { schema: Object(other) }).filter(
      (each) => each.breaks,
    )
    expect(found.map(({ path }) => path)).toEqual(['/properties/__proto__/type'])
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('of unknown keywords say nothing', () => {
    expect(broken({ type: 'string' }, { type: 'string', 'x-pii': true, version: 1 })).toBe(false)
  })
})

it('The budget has a name', () => {
  expect([limits.compatibilityWork, limits.compatibilityDepth]).toEqual([100_000, 256])
})
