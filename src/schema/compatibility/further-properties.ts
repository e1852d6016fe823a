import { type ObjectModel, objectAt } from './object-model.ts'
import { keyword, type SchemaNode } from './node.ts'
import type { Question } from './question.ts'

/** Properties that neither side names: those of a pattern, and all others. */
export function compareFurtherProperties(
  question: Question,
  read: ObjectModel,
  written: readonly ObjectModel[],
): void {
  for (const [pattern, schema] of read.patterns) comparePattern(question, pattern, schema, written)
  if (read.rest !== undefined && !question.comparison.implies([], read.rest))
    compareRest(question, read, read.rest, written)
}

function comparePattern(
  { comparison, reader, outcome }: Question,
  pattern: string,
  schema: SchemaNode,
  written: readonly ObjectModel[],
): void {
  if (comparison.implies([], schema)) return
  const same = written.flatMap(({ patterns }) => patterns.get(pattern) ?? [])
  const part = comparison.accepts([...same, ...written.flatMap(onlyRest)], schema)
  const fits = (each: SchemaNode): boolean => comparison.implies([...same, each], schema)
  if (!part.broken || written.some((model) => everyFurther(model, model.patterns, fits)))
    return outcome.include(part)
  if (same.length > 0) return outcome.include(part)
  const text = JSON.stringify(pattern)
  const message = `Properties whose names match ${text} may be written with values that cannot be read.`
  outcome.breaks('patternProperties_added', reader, ['patternProperties', pattern], message, {
    reader: `Leave the pattern ${text} out.`,
    writer: `Keep the pattern ${text}.`,
  })
}

function compareRest(
  question: Question,
  read: ObjectModel,
  rest: SchemaNode,
  written: readonly ObjectModel[],
): void {
  const { comparison, reader, outcome } = question
  const fits = (schema: SchemaNode): boolean => comparison.implies([schema], rest)
  const isOther = (pattern: string): boolean =>
    !read.patterns.has(pattern) && !read.exemptPatterns.includes(pattern)
  const others = (model: ObjectModel): ReadonlyMap<string, SchemaNode> =>
    new Map([...model.patterns].filter(([pattern]) => isOther(pattern)))
  if (written.some((model) => everyFurther(model, others(model), fits))) return
  if (question.writer.plain.some((node) => keepsUnevaluated(question, node, read, fits))) return
  const [given, ...more] = written.flatMap(onlyRest)
  if (given && more.length === 0 && rest.schema !== false && !comparison.lenient) {
    return outcome.include(comparison.accepts([given], rest))
  }
  const message = 'Further properties may be written that are not read, or only if they fit a schema.'
  const kind = `${read.restKeyword}_tightened` as const
  const isGiven = written.some((model) => model.certain && model.rest !== undefined)
  if (comparison.lenient) return outcome.allows(kind, reader, [read.restKeyword], message)
  outcome.breaks(isGiven ? kind : `${read.restKeyword}_added`, reader, [read.restKeyword], message, {
    reader: `Set "${read.restKeyword}" to true, or use the policy lenient.`,
    writer: `Set "${read.restKeyword}" and what stands beside it as it is where data is read, or use the policy lenient.`,
  })
}

/** Whether all further properties that the model lets pass fit. */
function everyFurther(
  model: ObjectModel,
  patterns: ReadonlyMap<string, SchemaNode>,
  fits: (schema: SchemaNode) => boolean,
): boolean {
  const hasRest = model.certain && model.rest !== undefined
  if (!hasRest || model.exemptPatterns.length > 0) return false
  return [...patterns.values(), model.rest].every((node) => node?.schema === false || (node && fits(node)))
}

function onlyRest({ certain, patterns, rest, exemptPatterns }: ObjectModel): readonly SchemaNode[] {
  if (!certain || rest === undefined || patterns.size + exemptPatterns.length > 0) return []
  return [rest]
}

const evaluating = [
  '$ref',
  '$dynamicRef',
  '$recursiveRef',
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'dependentSchemas',
  'dependencies',
]

/** Where nothing that describes properties beside `unevaluatedProperties` has changed, the same ones are left to it. */
function keepsUnevaluated(
  { comparison, reader }: Question,
  writer: SchemaNode,
  read: ObjectModel,
  fits: (schema: SchemaNode) => boolean,
): boolean {
  const given = objectAt(writer)
  if (given.rest === undefined || given.restKeyword !== read.restKeyword) return false
  if (read.restKeyword !== 'unevaluatedProperties') return false
  if (![...given.patterns.keys()].every((pattern) => read.patterns.has(pattern))) return false
  const same = evaluating.every((name) =>
    comparison.isSameValue(keyword(writer, name), keyword(reader, name)),
  )
  return same && fits(given.rest)
}
