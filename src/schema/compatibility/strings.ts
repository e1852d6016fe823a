import { formats } from '../formats.ts'
import { keyword, stringAt } from './node.ts'
import { judge, type Question } from './question.ts'

/** Patterns, formats and encodings: what is equal holds, anything else is not compared but breaks. */
export function compareStrings(question: Question): void {
  const { writer, reader, comparison } = question
  const values = writer.values?.filter((value) => typeof value === 'string')
  const pattern = stringAt(reader, 'pattern')
  if (pattern !== undefined && writer.admits('string')) {
    const listed = values?.every((text) => comparison.patterns.matches(pattern, text)) ?? false
    judge(question, 'pattern', listed || isWritten(question, 'pattern'))
  }
  for (const name of ['contentEncoding', 'contentMediaType'] as const) {
    if (keyword(reader, name) !== undefined && writer.admits('string')) {
      judge(question, name, isWritten(question, name))
    }
  }
  compareFormats(question)
}

function compareFormats(question: Question): void {
  const format = stringAt(question.reader, 'format')
  if (format === undefined) return
  const applies = question.writer.admits(...typesOf(format))
  judge(question, 'format', !applies || isWritten(question, 'format'))
}

/** A format that is not known is not asserted: it only describes. */
function typesOf(format: string): readonly ('string' | 'integer' | 'fraction')[] {
  if (!Object.hasOwn(formats, format)) return []
  const definition = formats[format]
  if (definition === true) return []
  const isNumeric = typeof definition === 'object' && 'type' in definition && definition.type === 'number'
  return isNumeric ? ['integer', 'fraction'] : ['string']
}

function isWritten({ writer, reader }: Question, name: string): boolean {
  const asked = keyword(reader, name)
  return writer.plain.some((node) => keyword(node, name) === asked)
}
