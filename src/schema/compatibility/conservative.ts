/** A rule that refuses some changes which no value can break. */
export interface ConservativeRule {
  /** A change is on the rule when it cannot be told without one of these. */
  readonly keywords: readonly string[]
  readonly why: string
}

/**
 * What is refused although it may be harmless, because it is not worked out further or is Confluent's rule. Everything else
 * that breaks has a value that proves it: the tests look for one. Beside these, a part is compared by itself: whether the
 * keywords around it contradict each other, so that nothing is ever written there, is not worked out either.
 */
export const conservativeRules: readonly ConservativeRule[] = [
  {
    keywords: ['anyOf', 'oneOf'],
    why: 'Alternatives are matched one to one, and plain data with one of them: that several accept it together is not worked out.',
  },
  {
    keywords: ['if'],
    why: 'A condition that changed is not solved: what follows from it must then hold in any case.',
  },
  {
    keywords: ['unevaluatedProperties', 'unevaluatedItems'],
    why: 'What is left to these keywords beside alternatives, conditions or references that changed is not worked out.',
  },
  {
    keywords: ['items'],
    why: "In draft-07 a list (one schema in `items`) does not become a tuple (a list of schemas), as in Confluent's registry; `lenient` compares them.",
  },
]
