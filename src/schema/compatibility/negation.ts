import { keyword, type SchemaNode, schemaAt } from './node.ts'
import { disjoint } from './overlap.ts'
import type { Fix } from './outcome.ts'
import { judge, type Question, writtenAt } from './question.ts'

/** `not`: what is refused where data is read must have been refused where it is written, or never be written. */
export function compareNegation(question: Question): void {
  const { comparison, writer, reader } = question
  const refused = schemaAt(reader, 'not')
  if (refused === undefined) return
  const holds = writer.plain.some((node) => {
    const before = schemaAt(node, 'not')
    return before !== undefined && comparison.implies([refused], before)
  })
  judge(question, 'not', holds || disjoint(comparison, writer.plain, [refused]))
}

/** `if`, `then`, `else`: with the same condition, each consequence by itself; else both must hold in any case. */
export function compareConditional(question: Question): void {
  const { comparison, writer, reader, outcome } = question
  if (keyword(reader, 'if') === undefined) return
  const consequences = (['then', 'else'] as const).flatMap((name) => {
    const schema = schemaAt(reader, name)
    return schema ? [[name, schema] as const] : []
  })
  const conditional = writer.plain.find((node) => sameCondition(question, node))
  for (const [name, schema] of consequences) {
    const given = conditional && schemaAt(conditional, name)
    const part = comparison.accepts([...writer.plain, ...(given ? [given] : [])], schema)
    if (conditional) outcome.include(part)
    else if (part.broken) return judge(question, 'if', false, { fix: conditionFix(question) })
  }
}

function conditionFix(question: Question): Fix {
  const added = writtenAt(question, 'if') === undefined
  return {
    reader: added ? 'Remove "if".' : 'Leave "if", "then" and "else" as they are where data is written.',
    writer: 'Set "if", "then" and "else" as they are where data is read.',
  }
}

function sameCondition({ comparison, reader }: Question, writer: SchemaNode): boolean {
  const [written, read] = [keyword(writer, 'if'), keyword(reader, 'if')]
  return written !== undefined && comparison.isSameValue(written, read)
}
