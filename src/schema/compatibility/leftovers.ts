import type { Conjunction } from './conjunction.ts'
import { annotations, type Constraint, constraints } from './keywords.ts'
import { keyword, type SchemaNode, stringsAt } from './node.ts'
import type { Outcome } from './outcome.ts'
import { textOf } from './question.ts'

const reportedElsewhere: ReadonlySet<string> = new Set<string>(['properties', 'prefixItems'])

/** What is said only where data is written, and what only describes: it never breaks. */
export function reportLeftovers(
  writer: Conjunction,
  wanted: Conjunction,
  reader: SchemaNode,
  outcome: Outcome,
): void {
  const [written, read] = [keywordsOf(writer), keywordsOf(wanted)]
  for (const name of written) {
    if (read.has(name) || !isConstraint(name) || reportedElsewhere.has(name)) continue
    outcome.allows(`${name}_removed`, reader, [name], `"${name}" is gone where data is read.`)
  }
  reportOptional(writer, wanted, reader, outcome)
  const [node, more] = writer.plain
  if (node === undefined || more !== undefined || wanted.plain.length !== 1) return
  for (const name of annotations) {
    if (!written.has(name) && !read.has(name)) continue
    const [before, after] = [textOf(keyword(node, name)), textOf(keyword(reader, name))]
    if (before === after) continue
    const message = `"${name}" only describes: it was ${before ?? 'absent'}.`
    outcome.allows(`${name}_changed`, reader, [name], message)
  }
}

/** Alternatives of one member are no alternatives: they count as what the member says. */
function keywordsOf({ plain, sums }: Conjunction): ReadonlySet<string> {
  const names = new Set(
    plain.flatMap((node) => Object.keys(node.schema).filter((name) => !node.document.ignores(name))),
  )
  for (const kind of ['anyOf', 'oneOf'] as const) {
    if (!sums.some((sum) => sum.kind === kind)) names.delete(kind)
  }
  return names
}

const known: ReadonlySet<string> = new Set(constraints)

function isConstraint(name: string): name is Constraint {
  return known.has(name)
}

function reportOptional(
  writer: Conjunction,
  wanted: Conjunction,
  reader: SchemaNode,
  outcome: Outcome,
): void {
  const names = wanted.plain.flatMap((node) => stringsAt(node, 'required'))
  if (names.length === 0) return
  for (const name of writer.required.difference(new Set(names))) {
    outcome.allows(
      'required_removed',
      reader,
      ['required'],
      `${JSON.stringify(name)} need not be there to be read.`,
    )
  }
}
