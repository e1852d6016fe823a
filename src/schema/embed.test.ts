import { expect, test } from 'vitest'
import { compileSchema } from './compile.ts'
import { embedSchema } from './embed.ts'

test('references lead to where the schema stands', () => {
  const tree = {
    $id: 'https://example.com/tree',
    $ref: '#/$defs/node',
    $defs: { node: { items: { $ref: '#' } } },
  }
  expect(embedSchema(tree, '#/components/schemas/tree')).toEqual({
    allOf: [{ $ref: '#/components/schemas/tree/$defs/node' }],
    $defs: { node: { items: { $ref: '#/components/schemas/tree' } } },
  })
})

test('what stands beside a reference holds in draft-07, too', () => {
  const schema = { $ref: '#/$defs/a', allOf: [{ maxLength: 3 }], $defs: { a: { type: 'string' } } }
  const document = { $schema: 'http://json-schema.org/draft-07/schema#', ...embedSchema(schema, '#') }
  const validate = compileSchema(document)
  expect([validate('abc').length, validate('abcd').length, validate(1).length]).toEqual([0, 1, 1])
})

test.each([
  ['a tuple', { prefixItems: [{ type: 'string' }], items: false }, ['a'], ['a', 'b']],
  ['an open tuple', { prefixItems: [{ type: 'string' }] }, ['a', 1], [1]],
  ['names that need others', { dependentRequired: { a: ['b'] } }, { a: 1, b: 1 }, { a: 1 }],
  ['schemas that need others', { dependentSchemas: { a: { required: ['b'] } } }, { a: 1, b: 1 }, { a: 1 }],
])('%s says the same in draft-07', (_, schema, right, wrong) => {
  const document = { $schema: 'http://json-schema.org/draft-07/schema#', ...embedSchema(schema, '#') }
  for (const validate of [compileSchema(schema), compileSchema(document)]) {
    expect([validate(right).length, validate(wrong).length]).toEqual([0, 1])
  }
})

test('values that only look like references are left alone', () => {
  const schema = { const: { $ref: '#/x' }, default: { $ref: '#/y' } }
  expect(embedSchema(schema, '#/at')).toEqual(schema)
})
