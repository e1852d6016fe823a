import { describe, expect, test } from 'vitest'
import { compileSchema } from '../compile.ts'
import type { JsonSchema } from '../json-schema.ts'
import { bundled } from './bundle.ts'

/** Others by name; each may name the ones before it. */
function bundle(schema: JsonSchema, others: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const names = new Map(Object.keys(others).map((name) => [name, name]))
  const subject = { context: '.', name: 'x' }
  return bundled(schema, {
    schema: JSON.stringify(schema),
    names,
    others: new Map(
      Object.entries(others).map(([name, other]) => [
        name,
        { subject, version: 1, schema: JSON.stringify(other), names },
      ]),
    ),
  })
}

function isValid(schema: JsonSchema, data: unknown): boolean {
  return compileSchema(schema)(data).length === 0
}

describe('bundled', () => {
  test('leaves a schema without references as it is', () => {
    const schema = { $ref: '#/$defs/a', $defs: { a: {} } }
    expect(bundle(schema, {})).toBe(schema)
  })

  test('puts what is referred to beside the definitions that are there', () => {
    const found = bundle(
      { $ref: 'money.json', $defs: { reference0: {} } },
      { 'money.json': { type: 'number' } },
    )
    expect(found).toEqual({
      $ref: '#/$defs/reference_0',
      $defs: { reference0: {}, reference_0: { type: 'number' } },
    })
  })

  test('follows a pointer, an own part, and references of references', () => {
    const schema = { properties: { a: { $ref: 'a.json#/$defs/inner' }, b: { $ref: 'b.json' } } }
    const found = bundle(schema, {
      'a.json': { $defs: { inner: { type: 'integer' } } },
      'b.json': { items: { $ref: '#/$defs/own' }, $defs: { own: { $ref: 'a.json#/$defs/inner' } } },
    })
    expect(isValid(found, { a: 1, b: [1] })).toBe(true)
    expect([isValid(found, { a: 'x' }), isValid(found, { b: ['x'] })]).toEqual([false, false])
  })

  test('reads a $ref by the $id of the schema, and a recursive one', () => {
    const schema = { $id: 'https://example.com/order.json', items: { $ref: 'tree.json' } }
    const tree = { $id: 'https://example.com/tree.json', type: 'object', properties: { left: { $ref: '#' } } }
    const found = bundle(schema, { 'https://example.com/tree.json': tree })
    expect(isValid(found, [{ left: { left: {} } }])).toBe(true)
    expect(isValid(found, [{ left: { left: 1 } }])).toBe(false)
  })

  test('does not touch values, nor a $ref that nothing explains', () => {
    const schema = { default: { $ref: 'a.json' }, not: { $ref: 'unknown.json' } }
    expect(bundle(schema, { 'a.json': {} })).toMatchObject(schema)
  })
})
