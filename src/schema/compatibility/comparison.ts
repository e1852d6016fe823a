import { limits, TidingsError } from '../../kernel/index.ts'
import type { JsonSchema } from '../json-schema.ts'
import { compareArrays } from './arrays.ts'
import { CanonicalNumbers } from './canonical.ts'
import { compareSum } from './combined.ts'
import { type Conjunction, conjunctionOf } from './conjunction.ts'
import { compareCounts } from './counts.ts'
import { compareDependencies } from './dependencies.ts'
import type { SchemaSource } from './difference.ts'
import { reportLeftovers } from './leftovers.ts'
import type { CompatibilityPolicy } from './level.ts'
import { OutcomeMemory } from './memory.ts'
import { compareConditional, compareNegation } from './negation.ts'
import type { SchemaNode } from './node.ts'
import { compareNumbers } from './numbers.ts'
import { type Fix, Outcome } from './outcome.ts'
import { Patterns } from './patterns.ts'
import { compareProperties } from './properties.ts'
import { comparePropertyNames } from './property-names.ts'
import type { Question, Rule } from './question.ts'
import { References } from './references.ts'
import { compareRequired } from './required.ts'
import { compareStrings } from './strings.ts'
import { compareTypes } from './value-types.ts'
import { compareValues } from './values.ts'

const rules: readonly Rule[] = [
  compareTypes,
  compareValues,
  compareNumbers,
  compareCounts,
  compareStrings,
  compareArrays,
  compareRequired,
  compareProperties,
  comparePropertyNames,
  compareDependencies,
  compareNegation,
  compareConditional,
]

/** One comparison of two documents: its policy, its budget, and what it has found so far. */
export class Comparison {
  readonly canonical: CanonicalNumbers = new CanonicalNumbers()
  readonly patterns: Patterns = new Patterns()
  /** Both schemas are the same, so that equal references lead to the same. */
  readonly sameDocuments: boolean
  readonly #policy: CompatibilityPolicy
  readonly #newer: keyof Fix
  readonly #memory = new OutcomeMemory()
  readonly #given = new Map<number, SchemaNode>()
  readonly #writer: References
  readonly #reader: References
  #ids = 0
  #spent = 0
  #exact = false

  constructor(writer: SchemaSource, reader: SchemaSource, policy: CompatibilityPolicy, newer: keyof Fix) {
    this.#policy = policy
    this.#newer = newer
    this.#writer = new References(writer, this.#nextId)
    this.#reader = new References(reader, this.#nextId)
    this.sameDocuments =
      writer.resolve === undefined &&
      reader.resolve === undefined &&
      this.canonical.of(writer.schema) === this.canonical.of(reader.schema)
  }

  /** Only what follows from the schemas holds, without what a policy lets pass: see `implies`. */
  get exact(): boolean {
    return this.#exact
  }

  /** Also what no value can break is refused where a rule of registries says so. */
  get strict(): boolean {
    return this.#policy === 'strict' && !this.#exact
  }

  get lenient(): boolean {
    return this.#policy === 'lenient' && !this.#exact
  }

  compare(): Outcome {
    return this.accepts([this.#writer.root], this.#reader.root)
  }

  /** May all that is valid as every one of `writer` be read as `reader`? */
  accepts(writer: readonly SchemaNode[], reader: SchemaNode): Outcome {
    const ids = [...new Set(writer.map(({ id }) => id))].toSorted((a, b) => a - b)
    const key = `${this.#exact ? '!' : ''}${ids.join()}>${reader.id}`
    const known = this.#memory.recall(key)
    if (known) return known
    this.spend(1)
    if (this.#memory.depth >= limits.compatibilityDepth)
      throw tooComplex('compatibilityDepth', 'levels of references')
    const outcome = this.outcome()
    if (writer.some((node) => this.isSame(node, reader))) return outcome
    return this.#memory.remember(key, outcome, () => this.#compare(writer, reader, outcome))
  }

  /**
   * The same where it proves something else, such as that a `not` refuses no more than before: what a policy lets pass
   * would prove nothing.
   */
  implies(writer: readonly SchemaNode[], reader: SchemaNode): boolean {
    const before = this.#exact
    this.#exact = true
    try {
      return !this.accepts(writer, reader).broken
    } finally {
      this.#exact = before
    }
  }

  outcome(): Outcome {
    return new Outcome(this.#newer)
  }

  /** Whether both say the same: equal words, whose references, if any, lead to the same. */
  isSame(writer: SchemaNode, reader: SchemaNode): boolean {
    if (writer.bare !== reader.bare) return false
    if (this.canonical.of(writer.schema) !== this.canonical.of(reader.schema)) return false
    return !this.canonical.refers(reader.schema) || (this.sameDocuments && writer.pointer === reader.pointer)
  }

  /** The same for values with schemas inside, wherever they stand. */
  isSameValue(written: unknown, read: unknown): boolean {
    if (this.canonical.of(written) !== this.canonical.of(read)) return false
    return !this.canonical.refers(read) || this.sameDocuments
  }

  /** A schema that is known to hold although it stands nowhere. */
  given(schema: JsonSchema): SchemaNode {
    const number = this.canonical.of(schema)
    const node = this.#given.get(number) ?? new References({ schema }, this.#nextId).root
    this.#given.set(number, node)
    return node
  }

  /** @throws `schema_too_complex` when the budget is used up. */
  spend(work: number): void {
    this.#spent += work
    if (this.#spent > limits.compatibilityWork) throw tooComplex('compatibilityWork', 'steps')
  }

  readonly #nextId = (): number => this.#ids++

  #compare(nodes: readonly SchemaNode[], reader: SchemaNode, outcome: Outcome): void {
    const writer = conjunctionOf(nodes)
    const wanted = conjunctionOf([reader])
    this.spend(sizeOf(writer) + sizeOf(wanted))
    if (writer.never) return
    if (wanted.never) {
      outcome.breaks('false_schema', reader, [], 'Data may be written that the schema false never reads.', {
        reader: 'Use the schema true, or the one that data is written with.',
        writer: 'Use the schema false: write nothing here.',
      })
      return
    }
    for (const node of wanted.plain) {
      for (const rule of rules) {
        const answer = this.#answer(rule, { comparison: this, writer, reader: node, wanted })
        if (!answer.isEmpty) outcome.include(answer)
      }
    }
    for (const sum of wanted.sums) compareSum({ comparison: this, nodes, writer, sum, outcome })
    reportLeftovers(conjunctionOf(nodes.filter(({ bare }) => !bare)), wanted, reader, outcome)
  }

  /** A rule that fails may still hold for every alternative that can be written; each sum is split once. */
  #answer(
    rule: Rule,
    question: Omit<Question, 'outcome'>,
    split: ReadonlySet<SchemaNode> = new Set(),
  ): Outcome {
    const outcome = this.outcome()
    rule({ ...question, outcome })
    if (!outcome.broken) return outcome
    for (const { owner, members } of question.writer.sums) {
      if (split.has(owner)) continue
      const pieces = this.outcome()
      const holds = members.every((member) => {
        this.spend(question.writer.plain.length + 1)
        const writer = conjunctionOf([...question.writer.plain, member])
        if (!writer.never)
          pieces.include(this.#answer(rule, { ...question, writer }, new Set([...split, owner])))
        return !pieces.broken
      })
      if (holds) return pieces
    }
    return outcome
  }
}

function sizeOf({ plain, sums }: Conjunction): number {
  return sums.reduce((size, { members }) => size + members.length / 100, plain.length)
}

function tooComplex(name: 'compatibilityWork' | 'compatibilityDepth', what: string): TidingsError {
  return new TidingsError(
    'schema_too_complex',
    `Comparing the schemas takes more than ${limits[name]} ${what}. Use fewer alternatives and references inside each other, or give alternatives that do not change the same words in both versions.`,
  )
}
