import { valuesAt } from './conjunction.ts'
import { judge, type Question, textOf } from './question.ts'

/** `enum` and `const`: every value that is written must be among those that are read. */
export function compareValues(question: Question): void {
  for (const name of ['const', 'enum'] as const) {
    const read = valuesAt(question.reader, name)
    if (read !== undefined) compareListed(question, name, read)
  }
}

function compareListed(question: Question, name: 'const' | 'enum', read: readonly unknown[]): void {
  const { writer, reader, comparison, outcome } = question
  const written = writer.values
  if (written === undefined) return judge(question, name, false)
  const known = new Set(read.map((value) => comparison.canonical.of(value)))
  const missing = written.filter((value) => !known.has(comparison.canonical.of(value)))
  if (missing.length === 0) {
    if (written.length < read.length) {
      outcome.allows(`${name}_relaxed`, reader, [name], 'More values are read than are written.')
    }
    return
  }
  const lost = textOf(missing.length === 1 ? missing[0] : missing)
  outcome.breaks(`${name}_tightened`, reader, [name], `${lost} may be written and is not read.`, {
    reader: name === 'enum' ? `Keep ${lost} in "enum".` : `Use "enum" and list ${lost} as well.`,
    writer: `Leave ${lost} out.`,
  })
}
