import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonSchema } from '../json-schema.ts'
import { compareSchemas } from './compare.ts'
import { type ConservativeRule, conservativeRules, surroundings } from './conservative.fixture.ts'
import type { Difference, DifferenceKind } from './difference.ts'
import { asDraft07 } from './draft-07.fixture.ts'
import type { CompatibilityPolicy } from './level.ts'
import { schemaPair } from './oracle.fixture.ts'
import { withoutSurroundings } from './surroundings.fixture.ts'
import { type Witness, witnessOf } from './witness.fixture.ts'

/** More of it: TIDINGS_ORACLE_PAIRS=20000 TIDINGS_ORACLE_SEED=7 npx vitest run src/schema/compatibility/oracle.test.ts */
const pairs = Number(process.env['TIDINGS_ORACLE_PAIRS'] ?? 100)
const seed = Number(process.env['TIDINGS_ORACLE_SEED'] ?? 1)
const timeoutMs = 3_600_000

/** What a policy lets pass although a value may break: all of it is reported, as a difference that does not break. */
const openings: Readonly<Record<CompatibilityPolicy, readonly DifferenceKind[]>> = {
  // Required with a default, or not listed in `properties`; an alternative added to oneOf that reaches into another.
  strict: ['required_changed', 'oneOf_relaxed'],
  lenient: [
    'required_changed',
    'oneOf_relaxed',
    'property_added',
    'property_removed',
    'additionalProperties_tightened',
    'unevaluatedProperties_tightened',
  ],
}

interface Judged {
  readonly writer: JsonSchema
  readonly reader: JsonSchema
  readonly differences: readonly Difference[]
  readonly breaking: readonly Difference[]
}

function judged(depth: number, policy: CompatibilityPolicy, count: number = pairs): readonly Judged[] {
  return fc.sample(schemaPair(depth), { numRuns: count, seed }).flatMap((pair, at) => {
    const [writer, reader] = at % 4 === 0 ? [asDraft07(pair[0]), asDraft07(pair[1])] : pair
    const differences = compareSchemas({ schema: writer }, { schema: reader }, { policy })
    return [{ writer, reader, differences, breaking: differences.filter(({ breaks }) => breaks) }]
  })
}

function isOpening({ differences }: Judged, policy: CompatibilityPolicy): boolean {
  return differences.some(({ kind }) => openings[policy].includes(kind))
}

describe.each(['strict', 'lenient'] as const)('The policy %s', (policy) => {
  test.each([1, 3])(
    'finds no pair of schemas %i deep compatible that a value proves incompatible',
    (depth) => {
      const fine = judged(depth, policy).filter(
        (each) => each.breaking.length === 0 && !isOpening(each, policy),
      )
      const tried = fine.map((each) => ({ ...each, witness: witnessOf(each.writer, each.reader, 'quick') }))
      expect(tried.filter(({ witness }) => witness === undefined).length).toBeGreaterThan(pairs / 3)
      expect(tried.filter(({ witness }) => Array.isArray(witness)).map(textOf)).toEqual([])
    },
    timeoutMs,
  )
})

/** `proven` by a value; `hidden`: by one, once what surrounds it is taken away; `careful`: on a conservative rule. */
type Ground = 'proven' | 'hidden' | 'careful' | 'unfounded' | 'unknown'

function groundOf({ writer, reader, breaking }: Judged): Ground {
  const witness = witnessOf(writer, reader)
  if (witness === 'unknown') return 'unknown'
  if (witness !== undefined) return 'proven'
  const grounds = breaking.map((difference): Ground => {
    const left = withoutSurroundings([writer, reader], difference)
    if (isWitness(left)) return 'hidden'
    return conservativeRules.some((rule) => isOn(rule, difference, left)) ? 'careful' : 'unfounded'
  })
  return (
    grounds.find((ground) => ground === 'unfounded') ??
    grounds.find((ground) => ground === 'careful') ??
    'hidden'
  )
}

function isOn(
  { kinds, keywords }: ConservativeRule,
  { kind }: Difference,
  left: readonly unknown[],
): boolean {
  const text = JSON.stringify(left)
  return kinds.includes(kind) || keywords.some((name) => text.includes(`"${name}":`))
}

function isWitness(left: readonly unknown[]): left is Witness {
  return left.length === 1
}

describe('What is found incompatible', () => {
  test.each([1, 2])(
    'in schemas %i deep has a value that proves it, or is on a conservative rule',
    (depth) => {
      const broken = judged(depth, 'strict', depth === 1 ? pairs * 2 : pairs).filter(
        ({ breaking }) => breaking.length > 0,
      )
      const known = broken
        .map((each) => ({ ...each, ground: groundOf(each) }))
        .filter(({ ground }) => ground !== 'unknown')
      expect(known.filter(({ ground }) => ground === 'unfounded').map(textOf)).toEqual([])
      // The rules are exceptions: almost all is proven by a value as it is.
      expect(known.length).toBeGreaterThan(pairs / 20)
      expect(known.filter(({ ground }) => ground === 'proven').length / known.length).toBeGreaterThan(0.85)
    },
    timeoutMs,
  )
})

test('The conservative rules are those of the page', () => {
  const page = readFileSync(new URL('../../../docs/compatibility.md', import.meta.url), 'utf8')
  const rows = [...conservativeRules, surroundings].map(({ name, why }) => `| ${name} | ${why} |`)
  expect(page.split('\n').filter((line) => rows.includes(line))).toEqual(rows)
})

function textOf(found: Judged & { readonly witness?: unknown }): string {
  const { writer, reader, witness, breaking } = found
  return JSON.stringify({
    writer,
    reader,
    witness,
    breaking: breaking.map(({ kind, path }) => `${kind} ${path}`),
  })
}
