import type { DifferenceKind } from './difference.ts'

/** A rule that refuses some changes which no value can break. */
export interface ConservativeRule {
  readonly name: string
  /** The differences that are on the rule. */
  readonly kinds: readonly DifferenceKind[]
  /** And those that are not there without one of these keywords. */
  readonly keywords: readonly string[]
  readonly why: string
}

/**
 * All of them (docs/compatibility.md has the same list). Anything else that breaks has a value that is valid before and not
 * after: the tests look for it.
 */
export const conservativeRules: readonly ConservativeRule[] = [
  {
    name: 'alternatives',
    kinds: [],
    keywords: ['anyOf', 'oneOf'],
    why: 'Alternatives are matched one to one, and what is written plain with one of them: that several accept it together is not worked out.',
  },
  {
    name: 'conditions',
    kinds: [],
    keywords: ['if'],
    why: 'A condition that changed is not solved: what follows from it must hold in any case.',
  },
  {
    name: 'unevaluated',
    kinds: [],
    keywords: ['unevaluatedProperties', 'unevaluatedItems'],
    why: 'What is left to these keywords is not worked out beside alternatives, conditions or references that changed.',
  },
  {
    name: 'contains',
    kinds: [],
    keywords: ['contains'],
    why: 'What an array must contain is told from one other `contains` alone, not from all that is said of its items.',
  },
  {
    name: 'list to tuple',
    kinds: ['items_changed'],
    keywords: [],
    why: 'One schema for all items (`items`) does not become a list of schemas, as Karapace has it; only `lenient` compares the two.',
  },
]

/** For every kind of difference: a part of a schema is compared by itself. */
export const surroundings: Pick<ConservativeRule, 'name' | 'why'> = {
  name: 'surroundings',
  why: 'A part is compared even where keywords around it contradict each other, so that nothing ever reaches it.',
}
