import type { Conjunction } from './conjunction.ts'
import { itemsAt } from './item-model.ts'
import { numberAt } from './node.ts'
import { judge, type Question } from './question.ts'

const least = [
  ['minLength', 'string'],
  ['minItems', 'array'],
  ['minProperties', 'object'],
] as const
const most = [
  ['maxLength', 'string'],
  ['maxItems', 'array'],
  ['maxProperties', 'object'],
] as const

export type Least = (typeof least)[number][0]
export type Most = (typeof most)[number][0]

/** How long a string may be, how many items an array, how many properties an object may have. */
export function compareCounts(question: Question): void {
  const { writer, reader } = question
  for (const [name, type] of least) {
    const asked = numberAt(reader, name)
    if (asked === undefined || !writer.admits(type)) continue
    judge(question, name, leastOf(writer, name) >= asked, { written: writer.largest(name) })
  }
  for (const [name, type] of most) {
    const asked = numberAt(reader, name)
    if (asked === undefined || !writer.admits(type)) continue
    judge(question, name, mostOf(writer, name) <= asked, { written: writer.smallest(name) })
  }
}

export function leastOf(writer: Conjunction, name: Least): number {
  const given = writer.largest(name) ?? 0
  if (name === 'minProperties') return Math.max(given, writer.required.size)
  const lengths = name === 'minLength' ? lengthsOf(writer) : undefined
  return lengths
    ? Math.max(
        given,
        lengths.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
      )
    : given
}

export function mostOf(writer: Conjunction, name: Most): number {
  const given = writer.smallest(name) ?? Number.POSITIVE_INFINITY
  if (name === 'maxItems') {
    return writer.plain.reduce((bound, node) => {
      const { prefix, rest, certain } = itemsAt(node)
      const refused = prefix.findIndex(({ schema }) => schema === false)
      if (refused >= 0) return Math.min(bound, refused)
      return certain && rest?.schema === false ? Math.min(bound, prefix.length) : bound
    }, given)
  }
  const lengths = name === 'maxLength' ? lengthsOf(writer) : undefined
  return lengths
    ? Math.min(
        given,
        lengths.reduce((a, b) => Math.max(a, b), 0),
      )
    : given
}

/** JSON Schema counts characters (code points). */
function lengthsOf(writer: Conjunction): readonly number[] | undefined {
  return writer.values?.filter((value) => typeof value === 'string').map((text) => Array.from(text).length)
}
