import type { Comparison } from './comparison.ts'
import type { Conjunction } from './conjunction.ts'
import type { Constraint } from './keywords.ts'
import { keyword, type SchemaNode } from './node.ts'
import type { Fix, Outcome } from './outcome.ts'

/** May all data that is valid as `writer` be read as the own keywords of `reader`? Rules answer into `outcome`. */
export interface Question {
  readonly comparison: Comparison
  readonly writer: Conjunction
  readonly reader: SchemaNode
  /** All that is read together with `reader`. */
  readonly wanted: Conjunction
  readonly outcome: Outcome
}

/** One group of keywords. */
export type Rule = (question: Question) => void

/** The writer's value of a keyword, where it has one: for the words of a difference. */
export function writtenAt({ writer }: Question, name: string): unknown {
  return writer.plain.map((node) => keyword(node, name)).find((value) => value !== undefined)
}

export interface Wording {
  /** The writer's value, where it is not simply that of the keyword. */
  readonly written?: unknown
  /** Where going back to the value, or taking over the other one, is not what makes it pass. */
  readonly fix?: Fix | undefined
}

/** A keyword whose two values can be said: breaks unless `holds`. */
export function judge(
  question: Question,
  name: Constraint,
  holds: boolean,
  { written, fix }: Wording = {},
): void {
  const { reader, outcome } = question
  const read = textOf(keyword(reader, name))
  const before = textOf(written ?? writtenAt(question, name))
  if (holds && read === before) return
  const message =
    before === undefined
      ? `"${name}" is ${read} where data is read, and not there where it is written.`
      : `"${name}" is ${read} where data is read, and ${before} where it is written.`
  if (holds) {
    outcome.allows(before === undefined ? `${name}_changed` : `${name}_relaxed`, reader, [name], message)
    return
  }
  const kind = before === undefined ? (`${name}_added` as const) : changeOf(name)
  // The same words may refer to something else, or count for something else.
  const back = {
    reader: before === undefined || before === read ? `Remove "${name}".` : `Leave "${name}" at ${before}.`,
    writer:
      before === read
        ? `Set what "${name}" is about as it is where data is read.`
        : `Set "${name}" to ${read}.`,
  }
  outcome.breaks(kind, reader, [name], message, fix ?? back)
}

const ordered = /^(?:exclusive)?(?:min|max)/

function changeOf(name: Constraint): `${Constraint}_${'tightened' | 'changed'}` {
  return ordered.test(name) || name === 'multipleOf' || name === 'enum'
    ? `${name}_tightened`
    : `${name}_changed`
}

/** As JSON, cut where it is long. */
export function textOf(value: unknown): string | undefined {
  const text = JSON.stringify(value)
  return text !== undefined && text.length > 120 ? `${text.slice(0, 119)}…` : text
}
