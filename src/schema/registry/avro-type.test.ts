import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { avroType, isOnlyJsonSchema } from './avro-type.ts'
import type { ResolvedSchema } from './references.ts'

interface Case {
  readonly id: string
  readonly compatibility: 'backward' | 'both' | 'none'
  readonly original: unknown
  readonly updated: unknown
}

const file = join(import.meta.dirname, '../../../../shared/schema-compatibility/apicurio-avro.json')
const isThere = existsSync(file)

function resolved(schema: unknown): ResolvedSchema {
  return { schema: JSON.stringify(schema), names: new Map(), others: new Map() }
}

async function reads(reader: unknown, writer: unknown): Promise<boolean> {
  const question = {
    reader: resolved(reader),
    writer: resolved(writer),
    newer: 'reader',
    policy: 'STRICT',
  } as const
  return (await avroType.obstacles(question)).length === 0
}

const record = (...fields: readonly object[]): object => ({ type: 'record', name: 'R', fields })

describe('Avro, by the cases of another registry', () => {
  test.skipIf(!isThere)(
    'agrees with all four (skipped where the shared files are not beside the project)',
    async () => {
      const { tests } = JSON.parse(readFileSync(file, 'utf8')) as { tests: readonly Case[] }
      expect(tests).toHaveLength(4)
      for (const { id, compatibility, original, updated } of tests) {
        const found = [await reads(updated, original), await reads(original, updated)]
        expect([id, ...found]).toEqual([id, compatibility !== 'none', compatibility === 'both'])
      }
    },
  )
})

describe('Avro', () => {
  test.each([
    ['int is read as long', 'long', 'int', true],
    ['long is not read as int', 'int', 'long', false],
    ['a new field with a default is filled', record({ name: 'a', type: 'int', default: 0 }), record(), true],
    ['a new field without one is not', record({ name: 'a', type: 'int' }), record(), false],
    ['a removed field is passed over', record(), record({ name: 'a', type: 'int' }), true],
    ['a union is read by one that has all of it', ['null', 'int', 'string'], ['null', 'int'], true],
    ['a union is not read by one that lacks a part', ['null', 'int'], ['null', 'string'], false],
    [
      'an enum takes a default for what it does not know',
      { type: 'enum', name: 'E', symbols: ['A'], default: 'A' },
      { type: 'enum', name: 'E', symbols: ['A', 'B'] },
      true,
    ],
  ] as const)('%s', async (_, reader, writer, expected) => {
    expect(await reads(reader, writer)).toBe(expected)
  })

  test('says what cannot be read, and what would help', async () => {
    const question = {
      reader: resolved(record({ name: 'a', type: 'int' })),
      writer: resolved(record()),
      newer: 'reader',
      policy: 'STRICT',
    } as const
    expect(await avroType.obstacles(question)).toEqual([
      'no matching field for default-less R.a. Give a field that is new a default, keep the types of the others, and name what was renamed in "aliases".',
    ])
  })

  test.each([
    [{ type: 'object' }, true],
    [{ $schema: 'http://json-schema.org/draft-07/schema#' }, true],
    [{ properties: {} }, true],
    [{ anyOf: [] }, true],
    [{ type: 'string' }, false],
    [record(), false],
    ['string', false],
    [['null', 'string'], false],
  ])('tells JSON Schema from Avro: %j', (schema, expected) => {
    expect(isOnlyJsonSchema(schema)).toBe(expected)
  })
})
