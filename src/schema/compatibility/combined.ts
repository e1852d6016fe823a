import type { Comparison } from './comparison.ts'
import type { Conjunction, Sum } from './conjunction.ts'
import { largestMatching } from './matching.ts'
import { placeOf, type SchemaNode } from './node.ts'
import type { Outcome } from './outcome.ts'
import { disjoint, overlap } from './overlap.ts'
import { allTypes, typeNames } from './types.ts'

export interface SumQuestion {
  readonly comparison: Comparison
  /** The writer as it was given, and taken apart. */
  readonly nodes: readonly SchemaNode[]
  readonly writer: Conjunction
  readonly sum: Sum
  readonly outcome: Outcome
}

/**
 * Alternatives of one kind are matched; `oneOf` may become `anyOf`. Else one alternative must accept all that is written,
 * or, where types or values are listed, one for each of them.
 */
export function compareSum(question: SumQuestion): void {
  const { writer, sum, outcome } = question
  const alike = writer.sums.filter(({ kind }) => kind === sum.kind || sum.kind === 'anyOf')
  const attempts = alike.map((given) => matched(question, given))
  const good = attempts.find(({ broken }) => !broken) ?? acceptedWhole(question) ?? acceptedInPieces(question)
  if (good) return outcome.include(good)
  if (attempts[0]) return outcome.include(attempts[0])
  const added = writer.sums.length === 0
  const message = added
    ? `No alternative of "${sum.kind}" accepts all that may be written.`
    : `Alternatives of "${writer.sums[0]?.kind}" are written, and those of "${sum.kind}" are read.`
  const fix = {
    reader: added
      ? `${sum.kind === 'oneOf' ? 'Use "anyOf", and add' : 'Add'} an alternative with the schema that data is written with.`
      : 'Use "anyOf" with the same alternatives.',
    writer: `Use the alternatives of "${sum.kind}" that are read.`,
  }
  outcome.breaks(`${sum.kind}_${added ? 'added' : 'changed'}`, sum.owner, [sum.kind], message, fix)
}

/** Each alternative that may be written has one of its own that accepts it. */
function matched({ comparison, writer, sum }: SumQuestion, given: Sum): Outcome {
  const outcome = comparison.outcome()
  const compare = (from: number, to: number): Outcome => {
    const [member, reader] = [given.members[from], sum.members[to]]
    if (member === undefined || reader === undefined) return comparison.outcome()
    return comparison.accepts([...writer.plain, member], reader)
  }
  const pairs = largestMatching(
    given.members.length,
    sum.members.length,
    (from, to) => !compare(from, to).broken,
    equalMembers(comparison, given, sum),
  )
  const taken = new Set(pairs.values())
  const free = sum.members.flatMap((_, to) => (taken.has(to) ? [] : [to]))
  given.members.forEach((member, from) => {
    const to = pairs.get(from)
    if (to !== undefined) return outcome.include(compare(from, to))
    const nearest = free.includes(from) ? from : free[0]
    if (nearest !== undefined) return outcome.include(compare(from, nearest))
    reportLost(outcome, sum, member)
  })
  if (outcome.broken) return outcome
  if (free.length > 0) {
    outcome.allows(
      `${sum.kind}_relaxed`,
      sum.owner,
      [sum.kind],
      `There are ${free.length} more alternatives to read.`,
    )
  }
  if (sum.kind === 'oneOf') keepApart({ comparison, writer, given, sum, pairs, outcome })
  return outcome
}

function reportLost(outcome: Outcome, sum: Sum, member: SchemaNode): void {
  const place = JSON.stringify(placeOf(member))
  const message = `The alternative ${place} may be written, and no alternative is left to read it.`
  outcome.breaks(`${sum.kind}_tightened`, sum.owner, [sum.kind], message, {
    reader: `Keep the alternative ${place}.`,
    writer: `Do not write the alternative ${place} before it can be read everywhere.`,
  })
}

/** What did not change, as a first guess. */
function equalMembers({ canonical }: Comparison, given: Sum, sum: Sum): ReadonlyMap<number, number> {
  const places = new Map<number, number[]>()
  sum.members.forEach(({ schema }, to) => {
    const number = canonical.of(schema)
    places.set(number, [...(places.get(number) ?? []), to])
  })
  const hints = new Map<number, number>()
  given.members.forEach(({ schema }, from) => {
    const to = places.get(canonical.of(schema))?.shift()
    if (to !== undefined) hints.set(from, to)
  })
  return hints
}

interface Exclusion {
  readonly comparison: Comparison
  readonly writer: Conjunction
  readonly given: Sum
  readonly sum: Sum
  readonly pairs: ReadonlyMap<number, number>
  readonly outcome: Outcome
}

/**
 * Exactly one of `oneOf` may accept a value, so that an alternative which accepts more than before must not reach into
 * another. One that is new is only refused where it certainly does: Confluent allows it in any case.
 */
function keepApart({ comparison, writer, given, sum, pairs, outcome }: Exclusion): void {
  const fromOf = new Map([...pairs].map(([from, to]) => [to, from]))
  sum.members.forEach((reader, to) => {
    const from = fromOf.get(to)
    const own = from === undefined ? undefined : given.members[from]
    if (own && comparison.isSame(own, reader)) return
    const widened = own !== undefined && !comparison.implies([...writer.plain, reader], own)
    if (own && !widened) return
    const others = given.members.filter((other) => other !== own)
    const reaches = (other: SchemaNode): boolean => {
      comparison.spend(1)
      return own || comparison.exact
        ? !disjoint(comparison, [...writer.plain, other], [reader])
        : overlap([other], [reader])
    }
    if (others.some(reaches)) reportOverlap(outcome, sum, to)
  })
}

function reportOverlap(outcome: Outcome, sum: Sum, to: number): void {
  const message =
    'The alternative accepts more than was written for it, and may accept what is written for another: "oneOf" refuses what fits two.'
  outcome.breaks('oneOf_changed', sum.owner, ['oneOf', to], message, {
    reader: 'Use "anyOf".',
    writer: 'Use the alternatives of "oneOf" that are read.',
  })
}

/** One alternative accepts all that is written. */
function acceptedWhole({ comparison, nodes, sum }: SumQuestion): Outcome | undefined {
  for (const member of sum.members) {
    const part = comparison.accepts(nodes, member)
    if (!part.broken) return extended(comparison, nodes, sum, member, part)
  }
  return undefined
}

function extended(
  comparison: Comparison,
  nodes: readonly SchemaNode[],
  sum: Sum,
  member: SchemaNode,
  part: Outcome,
): Outcome {
  const outcome = comparison.outcome()
  outcome.include(part)
  outcome.allows(
    `${sum.kind}_relaxed`,
    sum.owner,
    [sum.kind],
    'One of the alternatives reads what is written.',
  )
  if (sum.kind === 'anyOf') return outcome
  const other = sum.members.findIndex(
    (each) =>
      each !== member && (comparison.exact ? !disjoint(comparison, nodes, [each]) : overlap(nodes, [each])),
  )
  if (other >= 0) reportOverlap(outcome, sum, other)
  return outcome
}

/** Listed types or values, each accepted by some alternative. */
function acceptedInPieces({ comparison, writer, nodes, sum }: SumQuestion): Outcome | undefined {
  const pieces = writer.values
    ? writer.values.map((value) => ({ const: value }))
    : writer.types.size < allTypes.size
      ? typeNames(writer.types).map((type) => ({ type }))
      : []
  if (pieces.length < 2) return undefined
  const outcome = comparison.outcome()
  for (const piece of pieces) {
    const written = [...nodes, comparison.given(piece)]
    const part = acceptedWhole({ comparison, writer, nodes: written, sum, outcome })
    if (!part) return undefined
    outcome.include(part)
  }
  return outcome
}
