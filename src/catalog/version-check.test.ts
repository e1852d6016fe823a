import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import type { CloudEvent } from '../event/index.ts'
import { isTidingsError } from '../kernel/index.ts'
import { jsonSchema } from '../schema/index.ts'
import { dataschemaOf } from './dataschema.ts'
import { defineEvent } from './define-event.ts'
import { findingsOf, reasonsOf } from './version-check.ts'

const type = 'com.example.orders.created'
const V1 = z.object({ orderId: z.string(), total: z.number() })
const V2 = z.object({ ...V1.shape, currency: z.string().optional() })
const V3 = z.object({ ...V2.shape, userId: z.string() })
interface Any {
  readonly [key: string]: unknown
}
const any = (schema: object): ReturnType<typeof jsonSchema<Any>> => jsonSchema<Any>({ ...schema })

const created = defineEvent(type).version(1, V1).version(2, V2)
const withUpcaster = created.version(3, V3, (v2) => ({ ...v2, userId: 'unknown' }))
// The compiler refuses it, too; a caller without types has only the run time.
const without = (created.version as (version: number, schema: unknown) => typeof withUpcaster)(3, V3)

function refusal(use: () => void): readonly string[] {
  try {
    use()
  } catch (error) {
    if (isTidingsError(error, 'schema_incompatible')) return error.details.reasons
    throw error
  }
  return []
}

describe('A version without an upcaster', () => {
  test('is taken where data of the version before is valid in it, as with an optional property', () => {
    expect(() => created.compile()).not.toThrow()
    expect([created.hasUpcaster(2), withUpcaster.hasUpcaster(3)]).toEqual([false, true])
  })

  test('is refused where a property becomes required, with what would make it fit', () => {
    expect(refusal(() => without.compile())).toEqual([
      `Version 3 of ${type} has no upcaster, and not all data of version 2 is valid in it: "userId" may be missing in what is written, and must be there to be read. Leave "userId" optional, or give version 3 an upcaster.`,
    ])
    expect(() => withUpcaster.compile()).not.toThrow()
  })

  test('is refused where a required property has a default, because nobody fills it in', () => {
    const one = any({ type: 'object', properties: { a: {} } })
    const two = any({ type: 'object', properties: { a: { default: 1 } }, required: ['a'] })
    expect(refusal(() => defineEvent(type).version(1, one).version(2, two).compile())).toEqual([
      expect.stringMatching(
        /"a" may be missing in what is written, and has a default\. Nobody fills it in: give version 2 an upcaster, which does\.$/,
      ),
    ])
  })

  test('hands old data to handlers as it is', () => {
    const event: CloudEvent = {
      specversion: '1.0',
      id: '1',
      source: '/orders',
      type,
      dataschema: dataschemaOf('tidings:schemas', type, 1),
      data: { orderId: '7', total: 1 },
    }
    expect(created.decode(event, 1)).toEqual({
      version: 2,
      event: { ...event, dataschema: dataschemaOf('tidings:schemas', type, 2) },
    })
    expect(withUpcaster.decode(event, 1)).toMatchObject({
      version: 3,
      event: { data: { orderId: '7', total: 1, userId: 'unknown' } },
    })
  })
})

describe('Beside what is published', () => {
  const published = [1, 2].map((version) => ({ version, schema: created.schemaOf(version) }))

  test('a version that others know as it is stays, and the next is new', () => {
    expect(findingsOf(withUpcaster, published).map(({ version, state }) => [version, state])).toEqual([
      [1, 'published'],
      [2, 'published'],
      [3, 'new'],
    ])
  })

  test('a description may change, because it says nothing about data', () => {
    const told = defineEvent(type).version(1, V1.describe('An order.')).version(2, V2)
    expect(findingsOf(told, published).map(({ state }) => state)).toEqual(['published', 'published'])
  })

  test('a version never changes, also where it would fit', () => {
    const changed = defineEvent(type).version(1, z.object({ ...V1.shape, note: z.string().optional() }))
    const [finding] = findingsOf(changed, published)
    expect(finding).toMatchObject({ state: 'changed', version: 1 })
    expect(finding && reasonsOf(finding)).toEqual([
      `Version 1 of ${type} was published with another schema: "note" may be written with any value, because objects are open where data is written. A version never changes: leave it as it was, and declare the next one.`,
    ])
  })

  test('a version that is not compatible stays that, whether others know it or not', () => {
    const state = (known: typeof published): unknown => findingsOf(without, known).at(-1)?.state
    expect(state(published)).toBe('incompatible')
    expect(state([...published, { version: 3, schema: without.schemaOf(3) }])).toBe('incompatible')
  })
})

test('differences are those to the version before, whether there is an upcaster or not', () => {
  expect(withUpcaster.differences(1)).toEqual([])
  expect(withUpcaster.differences(3).filter(({ breaks }) => breaks)).toMatchObject([
    { kind: 'required_added' },
  ])
})
