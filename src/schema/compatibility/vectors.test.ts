import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compileSchema } from '../compile.ts'
import { toJsonSchema } from '../convert.ts'
import { isObject } from '../json-schema.ts'
import { jsonSchema } from '../schema.ts'
import { compareSchemas } from './compare.ts'
import type { AnySchema } from './oracle.fixture.ts'

// The four cases for Avro in the same folder are for Avro's reader and writer resolution, not for this checker.
const folder = new URL('../../../../shared/schema-compatibility/', import.meta.url)
const absent = !existsSync(folder)
const title = absent ? '(skipped: ../shared is not beside the project)' : ''

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const breaks = (writer: AnySchema, reader: AnySchema): boolean =>
  compareSchemas({ schema: writer }, { schema: reader }).some((difference) => difference.breaks)
const accepts = (schema: AnySchema, value: unknown): boolean =>
  compileSchema(toJsonSchema(jsonSchema(isObject(schema) ? schema : { allOf: [schema] })))(value).length === 0

/** Where a label says compatible and is wrong: a value that is valid before and not after. */
interface WrongLabel {
  readonly why: string
  readonly witness: unknown
}

interface KarapaceCase {
  readonly original: AnySchema
  readonly update: AnySchema
  readonly backward_compatible: boolean
}

const wrongInKarapace: ReadonlyMap<number, WrongLabel> = new Map([
  [101, { why: 'true accepts everything and false nothing', witness: 1 }],
])

/**
 * Where a label says incompatible although no value can be valid before and not after. None of them can have a witness;
 * each follows from a rule.
 */
const tooStrictInKarapace: readonly (readonly [string, (numbered: KarapaceCase, at: number) => boolean])[] = [
  ['the schema true reads everything', ({ update }) => update === true],
  ['nothing is written with the schema false', ({ original }) => original === false],
  ['a property with the schema {} is no demand', (_, at) => at === 301 || at === 306],
  ['a pattern with the schema {} is no demand', (_, at) => at === 300],
  ['a list of integers fits a tuple that starts with an integer', (_, at) => at === 106],
]

const values: readonly unknown[] = [
  null,
  true,
  0,
  1,
  -5,
  1.5,
  30,
  'A',
  'B',
  '',
  'a',
  'aaaaaaaa',
  [],
  [1],
  ['a'],
  [1, 2],
  [1, 'a'],
  [1.5],
  [{ a: 1, b: 2 }],
  {},
  { a: 1 },
  { a: 'x' },
  { b: 1 },
  { a: 1, b: 2, c: 3 },
  { b: 'x' },
  { z: 1 },
]

describe.skipIf(absent)(`The cases of Karapace ${title}`, () => {
  const cases = absent ? [] : (read('karapace-json.json') as KarapaceCase[])
  const disagreements = cases.flatMap((numbered, at) =>
    breaks(numbered.original, numbered.update) === numbered.backward_compatible ? [{ ...numbered, at }] : [],
  )

  test('are all here, under BACKWARD and the policy strict', () => {
    expect(cases).toHaveLength(321)
  })

  test('agree, but for one label that a value proves wrong', () => {
    const wrong = disagreements.filter(({ backward_compatible }) => backward_compatible)
    expect(wrong.map(({ at }) => at)).toEqual([...wrongInKarapace.keys()])
    for (const { at, original, update } of wrong) {
      const { witness } = wrongInKarapace.get(at) ?? { witness: undefined }
      expect([accepts(original, witness), accepts(update, witness)]).toEqual([true, false])
    }
  })

  test('agree, but for 72 labels that forbid what no value can break', () => {
    const strict = disagreements.filter(({ backward_compatible }) => !backward_compatible)
    expect(strict).toHaveLength(72)
    for (const each of strict) {
      expect(
        tooStrictInKarapace.some(([, applies]) => applies(each, each.at)),
        `case ${each.at}`,
      ).toBe(true)
      const broken = values.filter((value) => accepts(each.original, value) && !accepts(each.update, value))
      expect(broken, `case ${each.at}`).toEqual([])
    }
  })
})

interface ApicurioCase {
  readonly id: string
  readonly compatibility: 'backward' | 'both' | 'none'
  readonly original: AnySchema
  readonly updated: AnySchema
}

const wrongInApicurio: ReadonlyMap<string, WrongLabel> = new Map([
  [
    'Complex: oneOf 1',
    { why: 'a longer string fits both alternatives after, one before', witness: 'eightchr' },
  ],
  ['Complex: oneOf 3', { why: 'a short string fits both alternatives after', witness: 'abc' }],
])

describe.skipIf(absent)(`The cases of Apicurio ${title}`, () => {
  const cases = absent ? [] : (read('apicurio-json.json') as { tests: ApicurioCase[] }).tests

  test('agree in both directions under the policy strict, but for two labels that a value proves wrong', () => {
    expect(cases).toHaveLength(145)
    const disagreements = cases.filter(({ compatibility, original, updated }) => {
      const [backward, forward] = [!breaks(original, updated), !breaks(updated, original)]
      return backward !== (compatibility !== 'none') || forward !== (compatibility === 'both')
    })
    expect(disagreements.map(({ id }) => id)).toEqual([...wrongInApicurio.keys()])
    for (const { id, original, updated } of disagreements) {
      const { witness } = wrongInApicurio.get(id) ?? { witness: undefined }
      expect([accepts(original, witness), accepts(updated, witness)]).toEqual([true, false])
    }
  })
})
