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

/** Where a label says incompatible, and a sentence of the policy says the opposite. */
interface PolicyAgainstLabels {
  /** As it stands in docs/compatibility.md. */
  readonly sentence: string
  readonly cases: readonly number[]
  /** Whether the sentence speaks of the case. */
  readonly applies: (numbered: KarapaceCase) => boolean
}

const upTo = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at)

const policyAgainstKarapace: readonly PolicyAgainstLabels[] = [
  {
    // Apicurio labels the same change compatible: see the test below.
    sentence: 'the schema becomes `true` or `{}`, which read everything',
    cases: [...upTo(137, 197), 239, 241, 243],
    applies: ({ update }) => update === true,
  },
  {
    sentence: 'the schema was `false`, with which nothing is written',
    cases: [84, 233, 235, 236],
    applies: ({ original }) => original === false,
  },
  {
    sentence: 'breaks, since anything may stand under its name already, unless its schema is `{}` or `true`',
    cases: [301, 306],
    applies: ({ update }) => isObject(update) && JSON.stringify(update['properties']) === '{"a":{}}',
  },
  {
    sentence: 'passes if its old schema fits what covers it',
    cases: [300],
    applies: ({ update }) => isObject(update) && JSON.stringify(update['patternProperties']) === '{"^a*":{}}',
  },
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

  test('agree, but for labels of which the policy says the opposite, and no value breaks the change', () => {
    const strict = disagreements.filter(({ backward_compatible }) => !backward_compatible)
    const listed = policyAgainstKarapace.flatMap((group) => group.cases.map((at) => [at, group] as const))
    expect(strict.map(({ at }) => at)).toEqual(listed.map(([at]) => at).toSorted((a, b) => a - b))
    const groups = new Map(listed)
    for (const { at, ...numbered } of strict) {
      expect(groups.get(at)?.applies(numbered), `case ${at}`).toBe(true)
      const broken = values.filter(
        (value) => accepts(numbered.original, value) && !accepts(numbered.update, value),
      )
      expect(broken, `case ${at}`).toEqual([])
    }
  })

  test.each(policyAgainstKarapace)('are judged by what the page says: $sentence', ({ sentence }) => {
    const page = readFileSync(new URL('../../../docs/compatibility.md', import.meta.url), 'utf8')
    expect(page.replaceAll(/\s+/g, ' ')).toContain(sentence)
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

  test('label the change to true compatible that Karapace labels incompatible: nobody can agree with both', () => {
    const { original, updated, compatibility } = cases.find(({ id }) => id === 'Basic: true') ?? {}
    const karapace = (read('karapace-json.json') as KarapaceCase[])[190]
    expect([compatibility, karapace?.backward_compatible]).toEqual(['backward', false])
    expect([original, updated]).toMatchObject([{ type: 'string' }, true])
    expect([karapace?.original, karapace?.update]).toEqual([{ type: 'string' }, true])
  })
})
