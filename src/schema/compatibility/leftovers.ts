import type { Conjunction } from './conjunction.ts'
import { annotations, type Constraint, constraints } from './keywords.ts'
import { keyword, type SchemaNode, stringsAt } from './node.ts'
import type { Outcome } from './outcome.ts'
import { textOf } from './question.ts'

const reportedElsewhere: ReadonlySet<Constraint> = new Set<Constraint>(['properties', 'prefixItems'])

/** What is said only where data is written, and what only describes: it never breaks. */
export function reportLeftovers(
  writer: Conjunction,
  wanted: Conjunction,
  reader: SchemaNode,
  outcome: Outcome,
): void {
  const has = (side: Conjunction, name: string): boolean =>
    name === 'anyOf' || name === 'oneOf'
      ? side.sums.some(({ kind }) => kind === name)
      : side.plain.some((node) => keyword(node, name) !== undefined)
  for (const name of constraints) {
    if (reportedElsewhere.has(name) || has(wanted, name) || !has(writer, name)) continue
    outcome.allows(`${name}_removed`, reader, [name], `"${name}" is gone where data is read.`)
  }
  reportOptional(writer, wanted, reader, outcome)
  const [written, more] = writer.plain
  if (written === undefined || more !== undefined || wanted.plain.length !== 1) return
  for (const name of annotations) {
    const [before, after] = [textOf(keyword(written, name)), textOf(keyword(reader, name))]
    if (before === after) continue
    outcome.allows(
      `${name}_changed`,
      reader,
      [name],
      `"${name}" only describes: it was ${before ?? 'absent'}.`,
    )
  }
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
