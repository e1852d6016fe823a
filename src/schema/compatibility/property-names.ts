import { type SchemaNode, schemaAt } from './node.ts'
import { hasNoProperties, objectAt } from './object-model.ts'
import { judge, type Question } from './question.ts'

/** `propertyNames`: every name that may be written must fit. */
export function comparePropertyNames(question: Question): void {
  const { comparison, writer, reader, outcome } = question
  const asked = schemaAt(reader, 'propertyNames')
  if (asked === undefined || !writer.admits('object') || hasNoProperties(writer)) return
  const given = writer.plain.flatMap((node) => schemaAt(node, 'propertyNames') ?? [])
  const part = comparison.accepts([comparison.given({ type: 'string' }), ...given], asked)
  if (!part.broken) return outcome.include(part)
  const named = writer.plain.some((node) => {
    const names = allNames(node)
    return names?.every((name) => comparison.implies([comparison.given({ const: name })], asked))
  })
  if (named || acceptsAllNames(question, asked)) return
  if (given.length > 0) outcome.include(part)
  else judge(question, 'propertyNames', false)
}

/** The names that a closed object may have. */
function allNames(node: SchemaNode): readonly string[] | undefined {
  const { properties, patterns, rest, certain, exemptNames, exemptPatterns } = objectAt(node)
  const closed = rest?.schema === false && certain && patterns.size + exemptPatterns.length === 0
  return closed ? [...properties.keys(), ...exemptNames] : undefined
}

function acceptsAllNames({ comparison }: Question, { schema }: SchemaNode): boolean {
  if (typeof schema !== 'object') return schema
  const { pattern, type = 'string', ...more } = schema
  return (
    typeof pattern === 'string' &&
    type === 'string' &&
    Object.keys(more).length === 0 &&
    comparison.patterns.matchesAll(pattern)
  )
}
