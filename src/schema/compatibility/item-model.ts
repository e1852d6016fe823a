import { keyword, type SchemaNode, schemaAt, schemasAt } from './node.ts'

/** What an array may hold: schemas by position, then one for all further items (`undefined`: anything). */
export interface ItemModel {
  readonly prefix: readonly SchemaNode[]
  readonly rest: SchemaNode | undefined
  /** The keyword that the positions, and further items, are under. */
  readonly prefixKeyword: 'prefixItems' | 'items'
  readonly restKeyword: 'items' | 'additionalItems' | 'unevaluatedItems'
}

/** `items` as a list with `additionalItems`, or `prefixItems` with `items`. */
export function itemsAt(node: SchemaNode): ItemModel {
  const asList = Array.isArray(keyword(node, 'items'))
  const prefixKeyword = asList ? 'items' : 'prefixItems'
  const restKeyword = asList ? 'additionalItems' : 'items'
  const [prefix, rest] = [schemasAt(node, prefixKeyword), schemaAt(node, restKeyword)]
  if (rest) return { prefix, rest, prefixKeyword, restKeyword }
  return { prefix, rest: schemaAt(node, 'unevaluatedItems'), prefixKeyword, restKeyword: 'unevaluatedItems' }
}
