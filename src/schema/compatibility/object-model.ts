import { type Conjunction, conjunctionOf } from './conjunction.ts'
import { keyword, type SchemaNode, schemaAt, schemaMapAt } from './node.ts'
import type { Patterns } from './patterns.ts'

/** What an object may hold: schemas by name, by pattern of a name, and one for all further properties. */
export interface ObjectModel {
  readonly properties: ReadonlyMap<string, SchemaNode>
  readonly patterns: ReadonlyMap<string, SchemaNode>
  /** `undefined`: further properties may be anything. */
  readonly rest: SchemaNode | undefined
  readonly restKeyword: 'additionalProperties' | 'unevaluatedProperties'
  /** Names and patterns that schemas beside this one describe, so that `rest` does not count for them. */
  readonly exemptNames: ReadonlySet<string>
  readonly exemptPatterns: readonly string[]
  /** Whether `rest` is known to count for all others; else an alternative may have let a property pass. */
  readonly certain: boolean
}

const none = { exemptNames: new Set<string>(), exemptPatterns: [], certain: true }

export function objectAt(node: SchemaNode): ObjectModel {
  const own = {
    properties: schemaMapAt(node, 'properties'),
    patterns: schemaMapAt(node, 'patternProperties'),
  }
  const rest = schemaAt(node, 'additionalProperties')
  if (rest) return { ...own, rest, restKeyword: 'additionalProperties', ...none }
  const unevaluated = schemaAt(node, 'unevaluatedProperties')
  if (!unevaluated) return { ...own, rest: undefined, restKeyword: 'additionalProperties', ...none }
  return { ...own, ...withoutEvaluated(node, unevaluated) }
}

const conditions = ['if', 'dependentSchemas', 'dependencies']

/** `unevaluatedProperties` counts for what neither the node nor anything beside it describes. */
function withoutEvaluated(node: SchemaNode, rest: SchemaNode): Omit<ObjectModel, 'properties' | 'patterns'> {
  const { plain, sums } = conjunctionOf([node.document.whole(node)])
  const beside = plain.filter(
    ({ pointer, document }) => pointer !== node.pointer || document !== node.document,
  )
  return {
    rest: beside.some(evaluatesAll) ? undefined : rest,
    restKeyword: 'unevaluatedProperties',
    exemptNames: new Set(beside.flatMap((each) => [...schemaMapAt(each, 'properties').keys()])),
    exemptPatterns: beside.flatMap((each) => [...schemaMapAt(each, 'patternProperties').keys()]),
    certain:
      sums.length === 0 &&
      plain.every((each) => conditions.every((name) => keyword(each, name) === undefined)),
  }
}

function evaluatesAll({ schema }: SchemaNode): boolean {
  return typeof schema === 'object' && ('additionalProperties' in schema || 'unevaluatedProperties' in schema)
}

/** The schemas that a property of this name must fit; none where it may be anything. */
export function schemasFor(model: ObjectModel, name: string, patterns: Patterns): readonly SchemaNode[] {
  const described = describedBy(model, name, patterns)
  if (described.length > 0) return described
  if (model.rest === undefined || !model.certain || isExempt(model, name, patterns)) return []
  return [model.rest]
}

function describedBy(model: ObjectModel, name: string, patterns: Patterns): readonly SchemaNode[] {
  const own = model.properties.get(name)
  const found = own ? [own] : []
  for (const [pattern, schema] of model.patterns) {
    if (patterns.matches(pattern, name)) found.push(schema)
  }
  return found
}

function isExempt({ exemptNames, exemptPatterns }: ObjectModel, name: string, patterns: Patterns): boolean {
  return exemptNames.has(name) || exemptPatterns.some((pattern) => patterns.matches(pattern, name))
}

/** Whether no name is left to a property: the schema for names takes no text, or there may be none. */
export function hasNoProperties(writer: Conjunction): boolean {
  if (writer.smallest('maxProperties') === 0) return true
  return writer.plain.some((node) => {
    const names = schemaAt(node, 'propertyNames')
    if (names === undefined) return false
    const asked = conjunctionOf([names])
    return asked.never || !asked.admits('string')
  })
}

/** Whether any property that is not described may be there, with any value. */
export function isOpen({ patterns, rest }: ObjectModel): boolean {
  return patterns.size === 0 && (rest === undefined || acceptsAnything(rest))
}

export function acceptsAnything({ schema }: SchemaNode): boolean {
  return schema === true || (typeof schema === 'object' && Object.keys(schema).length === 0)
}

/** What is known of a property of this name; a model whose rest is not certain counts as a reader, never as a writer. */
export function readersFor(model: ObjectModel, name: string, patterns: Patterns): readonly SchemaNode[] {
  return schemasFor({ ...model, certain: true }, name, patterns)
}
