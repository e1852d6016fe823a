import { describe, expect, it } from 'vitest'
import { limits, TidingsError } from '../kernel/index.ts'
import { compileSchema } from './compile.ts'
import type { JsonSchema } from './json-schema.ts'

const order: JsonSchema = {
  type: 'object',
  properties: {
    orderId: { type: 'string', format: 'uuid' },
    userId: { type: 'string' },
    items: {
      type: 'array',
      items: {
        type: 'object',
        properties: { quantity: { type: 'integer', minimum: 1 } },
        required: ['quantity'],
      },
    },
  },
  required: ['orderId', 'userId'],
  additionalProperties: false,
}
const orderId = '0193ab5c-1234-7abc-8def-1234567890ab'

function found(schema: JsonSchema, data: unknown): string[] {
  return compileSchema(schema)(data).map(({ path, message }) => `${path} ${message}`)
}

function refusal(schema: JsonSchema): string {
  try {
    compileSchema(schema, 'Version 2 of a.b')
  } catch (error) {
    if (error instanceof TidingsError) return error.message
  }
  return 'compiled'
}

const method = (name: string, field: string): JsonSchema => ({
  type: 'object',
  properties: { method: { const: name }, [field]: { type: 'string' } },
  required: ['method', field],
})

describe('compileSchema', () => {
  it('finds nothing wrong with valid data, and says so with the same list each time', () => {
    const validate = compileSchema(order)
    const issues = validate({ orderId, userId: 'u' })
    expect(issues).toEqual([])
    expect(validate({ orderId, userId: 'u', items: [{ quantity: 1 }] })).toBe(issues)
  })

  it('lists every place that is wrong, in words', () => {
    expect(found(order, { orderId: 'x', colour: 'red', items: [{ quantity: 0 }, {}] })).toEqual([
      '/userId is required',
      '/colour is not allowed',
      '/orderId must match format "uuid"',
      '/items/0/quantity must be >= 1',
      '/items/1/quantity is required',
    ])
  })

  it('names the whole value with an empty path', () => {
    expect(found(order, 7)).toEqual([' must be object'])
  })

  it('escapes slashes and tildes in a path (RFC 6901)', () => {
    expect(found({ required: ['a/b~c'] }, {})).toEqual(['/a~1b~0c is required'])
  })

  it('says which values are left', () => {
    expect(found({ const: 'eur' }, 1)).toEqual([' must be "eur"'])
    expect(found({ enum: ['eur', 'usd'] }, 1)).toEqual([' must be one of "eur" or "usd"'])
  })

  it.each([
    ['date-time', '2026-01-31 10:00'],
    ['date', '2026-02-30'],
    ['email', 'nobody'],
    ['uri', 'no uri'],
    ['url', 'gopher://x'],
    ['ipv4', '1.2.3.400'],
  ])('asserts the format %s', (format, wrong) => {
    expect(found({ type: 'string', format }, wrong)).toEqual([` must match format "${format}"`])
  })

  it('takes unknown keywords and formats as they are', () => {
    expect(found({ type: 'integer', format: 'sku', 'x-pii': true }, 1)).toEqual([])
  })

  it('does not take what every object inherits for a property of the data', () => {
    const schema = { properties: { constructor: { type: 'string' } }, required: ['toString'] }
    expect(found(schema, {})).toEqual(['/toString is required'])
  })

  it('never changes the data', () => {
    const data = { count: '1', extra: 1 }
    compileSchema({
      properties: { count: { type: 'number' }, unit: { default: 'kg' } },
      additionalProperties: false,
    })(data)
    expect(data).toEqual({ count: '1', extra: 1 })
  })

  it('lists a bounded number of issues', () => {
    const issues = compileSchema({ items: { type: 'string' } })(Array.from({ length: 5_000 }, (_, at) => at))
    expect(issues).toHaveLength(limits.dataIssues)
    expect(issues.at(-1)).toEqual({ path: '', message: 'has 4001 more issues' })
  })
})

describe('compileSchema, with alternatives', () => {
  const payment = {
    properties: { payment: { oneOf: [method('card', 'number'), method('transfer', 'iban')] } },
  }

  it('reports the branch that the tag names', () => {
    expect(found(payment, { payment: { method: 'card' } })).toEqual(['/payment/number is required'])
  })

  it('reports the tag when no branch has it', () => {
    expect(found(payment, { payment: { method: 'cash' } })).toEqual([
      '/payment/method must be one of "card" or "transfer"',
    ])
  })

  it('joins plain alternatives', () => {
    expect(found({ anyOf: [{ type: 'string' }, { type: 'null' }] }, 1)).toEqual([
      ' must be string or must be null',
    ])
    expect(found({ anyOf: [{ const: 'x' }, { const: 'y' }] }, 1)).toEqual([' must be one of "x" or "y"'])
  })

  it('says when more than one fits', () => {
    expect(found({ oneOf: [{ type: 'number' }, { minimum: 1 }] }, 1)).toEqual([
      ' must fit only one of the alternatives, and fits several',
    ])
  })

  it('keeps what is wrong beside them', () => {
    expect(found({ ...payment, required: ['id'] }, { payment: { method: 'card' } })).toEqual([
      '/id is required',
      '/payment/number is required',
    ])
  })
})

describe('compileSchema, by draft', () => {
  it('reads 2020-12 unless $schema says otherwise', () => {
    expect(found({ prefixItems: [{ type: 'string' }] }, [1])).toEqual(['/0 must be string'])
    expect(
      found({ $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }] }, [1]),
    ).toEqual(['/0 must be string'])
    const of2019 = {
      $schema: 'https://json-schema.org/draft/2019-09/schema',
      dependentRequired: { a: ['b'] },
    }
    expect(found(of2019, { a: 1 })).toEqual(['/b is required beside a'])
  })

  it('refuses another draft', () => {
    expect(refusal({ $schema: 'http://json-schema.org/draft-04/schema#' })).toBe(
      'schema_unsupported: Version 2 of a.b is written in "http://json-schema.org/draft-04/schema#". Use draft-07, 2019-09 or 2020-12 of JSON Schema.',
    )
  })
})

describe('compileSchema, for what it cannot run', () => {
  it('refuses a broken schema and says where', () => {
    expect(refusal({ properties: { total: { type: 'decimal' } } })).toMatch(
      /^schema_invalid: Version 2 of a\.b is not a JSON Schema of 2020-12: \/properties\/total\/type must be one of /,
    )
  })

  it('refuses a pattern that RE2 cannot run', () => {
    expect(refusal({ pattern: '^a(?=b)' })).toMatch(
      /^schema_invalid: Version 2 of a\.b cannot be compiled: the pattern "\^a\(\?=b\)" does not run on RE2 .* or use a format\.$/,
    )
  })

  it('runs patterns that the flag u would refuse', () => {
    expect(found({ pattern: '^[\\w-.]+$' }, 'a-b.c')).toEqual([])
  })

  it('refuses a $ref that leads out of the document', () => {
    expect(refusal({ $ref: 'https://example.com/other.json' })).toMatch(/Nothing is loaded/)
    compileSchema({
      $id: 'https://example.com/inner',
      $defs: { a: { $id: 'https://example.com/a', type: 'string' } },
    })
    expect(refusal({ $ref: 'https://example.com/a' })).toMatch(/Nothing is loaded/)
    expect(refusal({ $ref: 'https://json-schema.org/draft/2020-12/schema' })).toMatch(/Nothing is loaded/)
  })

  it('follows a $ref inside the document, also a recursive one', () => {
    const tree = { type: 'object', properties: { children: { type: 'array', items: { $ref: '#' } } } }
    expect(found(tree, { children: [{ children: [1] }] })).toEqual(['/children/0/children/0 must be object'])
  })

  it.each([
    ['itself', { $ref: '#' }],
    ['each other', { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }],
    ['an alternative', { anyOf: [{ type: 'string' }, { not: { $ref: '#' } }] }],
    ['a part', { properties: { a: { allOf: [{ $ref: '#/properties/a' }] } } }],
    ['an $id', { $id: 'https://example.com/s', oneOf: [{ $ref: 'https://example.com/s' }] }],
    ['an anchor', { $anchor: 'top', if: { $ref: '#top' } }],
  ])('refuses a $ref by which a check of data would never end: to %s', (_, schema) => {
    expect(refusal(schema)).toMatch(/^schema_invalid: .* leads back to itself at .* Put the \$ref inside/)
  })

  it('lets two schemas have one $id', () => {
    expect(found({ $id: 'https://example.com/s', type: 'string' }, 1)).toEqual([' must be string'])
    expect(found({ $id: 'https://example.com/s', type: 'null' }, 1)).toEqual([' must be null'])
  })

  it('refuses $async and what is too large', () => {
    expect(refusal({ $async: true })).toMatch(/marked \$async/)
    expect(refusal({ description: 'x'.repeat(limits.schemaBytes) })).toMatch(/larger than 1048576 bytes/)
  })
})

describe('compileSchema, against hostile data', () => {
  it('runs an exponential pattern and the quadratic format url in linear time', () => {
    const started = performance.now()
    expect(found({ pattern: '^(a|a)*$' }, `${'a'.repeat(10_000)}!`)).toHaveLength(1)
    expect(found({ format: 'url' }, `http://a:${':'.repeat(200_000)}`)).toHaveLength(1)
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})

describe('compileSchema, for the same content', () => {
  it('compiles once', () => {
    expect(compileSchema({ minimum: 41 })).toBe(compileSchema({ minimum: 41 }))
  })

  it('forgets the least recently used', () => {
    const first = compileSchema({ minimum: 0.5 })
    for (let at = 1; at <= limits.compiledSchemas; at++) compileSchema({ minimum: at + 0.5 })
    expect(compileSchema({ minimum: 0.5 })).not.toBe(first)
  })
})
