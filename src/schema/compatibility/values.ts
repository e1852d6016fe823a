import { valuesAt } from './conjunction.ts'
import { keyword } from './node.ts'
import { judge, type Question, textOf } from './question.ts'

/** `enum` and `const`: every value that is written must be among those that are read. */
export function compareValues(question: Question): void {
  const { writer, reader, comparison, outcome } = question
  const read = valuesAt(reader)
  if (read === undefined) return
  const name = keyword(reader, 'const') === undefined ? 'enum' : 'const'
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
