import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import { Schema as EffectSchema } from 'effect'
import { Type } from 'typebox'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { TidingsError } from '../kernel/index.ts'
import { compileSchema } from './compile.ts'
import { toJsonSchema } from './convert.ts'
import { jsonSchema, type Schema } from './schema.ts'

/** As a JavaScript caller would: past the compiler. */
function refusal(schema: unknown): string {
  try {
    toJsonSchema(schema as Schema, 'Version 2 of a.b')
  } catch (error) {
    if (error instanceof TidingsError) return error.message
  }
  return 'converted'
}

describe('toJsonSchema', () => {
  const shape = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] }

  it.each([
    ['Zod', z.object({ id: z.string() })],
    ['ArkType', type({ id: 'string' })],
    ['Valibot, wrapped', toStandardJsonSchema(v.object({ id: v.string() }))],
    [
      'Effect, wrapped',
      EffectSchema.toStandardJSONSchemaV1(EffectSchema.Struct({ id: EffectSchema.String })),
    ],
    ['TypeBox', Type.Object({ id: Type.String() })],
    ['a JSON Schema', shape],
    ['a JSON Schema with its data named', jsonSchema<{ id: string }>(shape)],
  ])('takes %s', (_, schema) => {
    const document = toJsonSchema(schema)
    expect(document).toMatchObject(shape)
    expect(compileSchema(document)({}).map(({ path, message }) => `${path} ${message}`)).toEqual([
      '/id is required',
    ])
  })

  it('describes what goes in: a default is optional', () => {
    const document = toJsonSchema(z.object({ currency: z.string().default('EUR') }))
    expect(document['required']).toBeUndefined()
  })

  it('gives a frozen copy that later changes to the source do not reach', () => {
    const source = { type: 'object', properties: { id: { type: 'string' } } }
    const document = toJsonSchema(source)
    source.properties.id.type = 'number'
    expect(document).toEqual({ type: 'object', properties: { id: { type: 'string' } } })
    expect(Object.isFrozen(document['properties'])).toBe(true)
  })

  it('keeps a property called __proto__', () => {
    const document = toJsonSchema(jsonSchema(JSON.parse('{"properties":{"__proto__":{"type":"string"}}}')))
    expect(JSON.stringify(document)).toBe('{"properties":{"__proto__":{"type":"string"}}}')
  })
})

describe('toJsonSchema, for tuples as draft-07 wrote them', () => {
  it('turns those of TypeBox into prefixItems', () => {
    const document = toJsonSchema(Type.Object({ at: Type.Tuple([Type.Number(), Type.String()]) }))
    expect(document['properties']).toEqual({
      at: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'string' }], items: false, minItems: 2 },
    })
  })

  it('leaves properties of that name, and values, alone', () => {
    const source = {
      properties: { items: { type: 'string' }, default: { items: [{ type: 'string' }] } },
      dependentRequired: { items: ['total'] },
      default: { items: [{ total: 1 }] },
    }
    expect(toJsonSchema(source)).toEqual({
      ...source,
      properties: { items: { type: 'string' }, default: { prefixItems: [{ type: 'string' }] } },
    })
  })

  it('leaves a schema alone that says which draft it is', () => {
    const source = { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }] }
    expect(toJsonSchema(source)).toEqual(source)
  })
})

describe('toJsonSchema, for patterns', () => {
  it('writes a regular expression as its source', () => {
    expect(toJsonSchema(Type.String({ pattern: /^a\d+$/u }))).toEqual({ type: 'string', pattern: '^a\\d+$' })
  })

  it('refuses flags, which JSON Schema does not have', () => {
    expect(refusal(Type.Object({ code: Type.String({ pattern: /^a/i }) }))).toBe(
      'schema_unsupported: Version 2 of a.b cannot be written as a JSON Schema: /properties/code/pattern is a pattern with the flags "i". JSON Schema has none: write them into the pattern.',
    )
  })
})

describe('toJsonSchema, for what it cannot write', () => {
  it('says how to wrap a schema of Valibot and of Effect', () => {
    expect(refusal(v.object({ id: v.string() }))).toBe(
      'schema_unsupported: Version 2 of a.b is a schema of valibot that has no Standard JSON Schema. Wrap it: toStandardJsonSchema(schema) of @valibot/to-json-schema.',
    )
    expect(refusal(EffectSchema.Struct({ id: EffectSchema.String }))).toMatch(
      /Wrap it: Schema\.toStandardJSONSchemaV1/,
    )
  })

  it('says how to go on with another library', () => {
    expect(refusal({ '~standard': { version: 1, vendor: 'yup', validate: () => ({}) } })).toMatch(
      /is a schema of yup .* jsonSchema<Data>\(…\)\.$/,
    )
  })

  it('refuses a Date of Zod, with its reason as the cause', () => {
    expect(refusal(z.object({ at: z.date() }))).toBe(
      'schema_unsupported: Version 2 of a.b cannot be written as a JSON Schema: Date cannot be represented in JSON Schema. Describe what stands on the wire: a date as a string with the format date-time, a big integer as a string.',
    )
  })

  it('refuses what ArkType would let pass as anything', () => {
    expect(refusal(type({ at: 'Date' }))).toMatch(/date cannot be represented in JSON Schema/)
    expect(refusal(type({ at: 'bigint' }))).toMatch(/bigint cannot be represented in JSON Schema/)
    expect(refusal(type({ at: 'Map' }))).toMatch(/Map cannot be represented in JSON Schema/)
    expect(refusal(type({ 'at?': 'string | undefined', any: 'unknown', list: 'string[]' }))).toBe('converted')
  })

  it.each([
    ['a bigint', { const: 1n }, '/const is a bigint, which JSON does not have.'],
    ['a Date', { default: new Date(0) }, '/default is a Date, which JSON does not have.'],
    ['NaN', { minimum: Number.NaN }, '/minimum is a number, which JSON does not have.'],
    ['a function', { type: () => 'string' }, '/type is a function, which JSON does not have.'],
  ])('refuses %s', (_, schema, reason) => {
    expect(refusal(schema)).toContain(reason)
  })

  it('refuses what nests without end', () => {
    const schema: Record<string, unknown> = {}
    schema['not'] = schema
    expect(refusal(schema)).toMatch(/nests more than 256 levels deep/)
  })

  it('refuses what is no schema at all', () => {
    expect(refusal(undefined)).toMatch(/needs a schema/)
    expect(refusal(true)).toMatch(/needs a schema/)
    expect(refusal(jsonSchema([] as never))).toMatch(/must be described by a JSON Schema object/)
  })
})
