import type { Comparison } from './comparison.ts'
import { type Conjunction, conjunctionOf } from './conjunction.ts'
import type { Constraint } from './keywords.ts'
import { keyword, type SchemaNode, schemaMapAt } from './node.ts'
import { hasNoProperties, objectAt, schemasFor } from './object-model.ts'
import type { Question } from './question.ts'

type DependencyKeyword = Extract<Constraint, 'dependencies' | 'dependentRequired' | 'dependentSchemas'>

/** What must hold where a property is there: other names, or a schema. */
export function compareDependencies(question: Question): void {
  const { writer, reader, comparison } = question
  if (!writer.admits('object') || hasNoProperties(writer)) return
  const isWritten = (name: string): boolean => admitsName(comparison, writer, name)
  for (const [kind, name, names] of namesAt(reader)) {
    if (isWritten(name)) compareNames(question, kind, name, names)
  }
  for (const [kind, name, schema] of schemasAt(reader)) {
    if (isWritten(name)) compareSchema(question, kind, name, schema)
  }
}

function admitsName({ patterns }: Comparison, { plain }: Conjunction, name: string): boolean {
  return plain.every((node) =>
    schemasFor(objectAt(node), name, patterns).every(({ schema }) => schema !== false),
  )
}

function compareNames(
  { writer, reader, outcome }: Question,
  kind: DependencyKeyword,
  name: string,
  names: readonly string[],
): void {
  const given = writer.plain.flatMap(namesAt).filter(([, of]) => of === name)
  const known = writer.required.union(new Set(given.flatMap(([, , list]) => list)))
  const missing = names.filter((each) => !known.has(each) && each !== name)
  if (missing.length === 0) return
  const text = `${missing.map((each) => JSON.stringify(each)).join(', ')} beside ${JSON.stringify(name)}`
  const change = given.length === 0 ? 'added' : 'tightened'
  outcome.breaks(
    `${kind}_${change}`,
    reader,
    [kind, name],
    `Data may be written without ${text}, and is not read so.`,
    {
      reader: `Do not require ${text}.`,
      writer: `Require ${text}.`,
    },
  )
}

function compareSchema(
  { comparison, writer, reader, outcome }: Question,
  kind: DependencyKeyword,
  name: string,
  schema: SchemaNode,
): void {
  const given = writer.plain.flatMap((node) =>
    schemasAt(node).flatMap(([, of, each]) => (of === name ? [each] : [])),
  )
  const beside = comparison.given({ type: 'object', required: [name, ...requiredBeside(writer.plain, name)] })
  const written = [...writer.plain, ...given, beside]
  const together = conjunctionOf(written)
  if (together.types.size === 0 || !admitsName(comparison, together, name)) return
  const part = comparison.accepts(written, schema)
  if (given.length > 0 || !part.broken) return outcome.include(part)
  const message = `Where ${JSON.stringify(name)} is there, data is read only if it fits a further schema.`
  outcome.breaks(`${kind}_added`, reader, [kind, name], message, {
    reader: `Leave the schema for ${JSON.stringify(name)} out of "${kind}".`,
    writer: `Keep the schema for ${JSON.stringify(name)} in "${kind}".`,
  })
}

function requiredBeside(nodes: readonly SchemaNode[], name: string): readonly string[] {
  return nodes.flatMap((node) => namesAt(node).flatMap(([, of, names]) => (of === name ? names : [])))
}

function namesAt(node: SchemaNode): readonly (readonly [DependencyKeyword, string, readonly string[]])[] {
  return (['dependencies', 'dependentRequired'] as const).flatMap((kind) => {
    const value = keyword(node, kind)
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value).flatMap(([name, names]) =>
      Array.isArray(names) ? [[kind, name, names.map(String)] as const] : [],
    )
  })
}

function schemasAt(node: SchemaNode): readonly (readonly [DependencyKeyword, string, SchemaNode])[] {
  return (['dependencies', 'dependentSchemas'] as const).flatMap((kind) =>
    [...schemaMapAt(node, kind)].map(([name, schema]) => [kind, name, schema] as const),
  )
}
