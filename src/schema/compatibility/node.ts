import type { JsonSchema } from '../json-schema.ts'
import type { SchemaDocument } from './document.ts'
import { pointerTo } from './pointer.ts'

/** A schema at its place in a document. There is one node for each place, so that nodes can be compared by id. */
export interface SchemaNode {
  readonly id: number
  readonly schema: JsonSchema | boolean
  readonly document: SchemaDocument
  readonly pointer: string
  /** The address that references inside are relative to. */
  readonly base: string
  /** Without what it is combined of: only its own keywords count (see `Conjunction`). */
  readonly bare: boolean
}

/** The value of a keyword of the node's own; `undefined` too where its draft does not have the keyword. */
export function keyword({ schema, document }: SchemaNode, name: string): unknown {
  if (typeof schema === 'boolean' || !Object.hasOwn(schema, name) || document.ignores(name)) return undefined
  return schema[name]
}

export function numberAt(node: SchemaNode, name: string): number | undefined {
  const value = keyword(node, name)
  return typeof value === 'number' ? value : undefined
}

export function stringAt(node: SchemaNode, name: string): string | undefined {
  const value = keyword(node, name)
  return typeof value === 'string' ? value : undefined
}

export function stringsAt(node: SchemaNode, name: string): readonly string[] {
  const value = keyword(node, name)
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

/** The schema that is the value of a keyword. */
export function schemaAt(node: SchemaNode, name: string): SchemaNode | undefined {
  const value = keyword(node, name)
  return isSchema(value) ? node.document.child(node, value, name) : undefined
}

/** The schemas in the list that is the value of a keyword. */
export function schemasAt(node: SchemaNode, name: string): readonly SchemaNode[] {
  const value = keyword(node, name)
  if (!Array.isArray(value)) return []
  return value.flatMap((each: unknown, at) =>
    isSchema(each) ? [node.document.child(node, each, name, at)] : [],
  )
}

/** The schemas by name in the object that is the value of a keyword. */
export function schemaMapAt(node: SchemaNode, name: string): ReadonlyMap<string, SchemaNode> {
  const value = keyword(node, name)
  const map = new Map<string, SchemaNode>()
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return map
  for (const [key, each] of Object.entries(value)) {
    if (isSchema(each)) map.set(key, node.document.child(node, each, name, key))
  }
  return map
}

export function isSchema(value: unknown): value is JsonSchema | boolean {
  return typeof value === 'boolean' || (typeof value === 'object' && value !== null && !Array.isArray(value))
}

/** Where a keyword of a node is, as a JSON Pointer; of another document, behind its address. */
export function placeOf(node: SchemaNode, ...tokens: readonly (string | number)[]): string {
  const pointer = pointerTo(node.pointer, ...tokens)
  return node.document.address === '' ? pointer : `${node.document.address}#${pointer}`
}
