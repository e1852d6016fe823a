import { keyword, type SchemaNode, schemaAt, schemasAt } from './node.ts'

/** What an array may hold: schemas by position, then one for all further items (`undefined`: anything). */
export interface ItemModel {
  readonly prefix: readonly SchemaNode[]
  readonly rest: SchemaNode | undefined
  /** The keyword that the positions, and further items, are under. */
  readonly prefixKeyword: 'prefixItems' | 'items'
  readonly restKeyword: 'items' | 'additionalItems' | 'unevaluatedItems'
  /** Whether all items behind the positions are known to fit `rest`; else another keyword may have let them pass. */
  readonly certain: boolean
}

const evaluating = ['$ref', '$dynamicRef', '$recursiveRef', 'allOf', 'anyOf', 'oneOf', 'if', 'contains']

/** `items` as a list with `additionalItems`, or `prefixItems` with `items`. */
export function itemsAt(node: SchemaNode): ItemModel {
  const asList = Array.isArray(keyword(node, 'items'))
  const prefixKeyword = asList ? 'items' : 'prefixItems'
  const restKeyword = asList ? 'additionalItems' : 'items'
  const [prefix, rest] = [schemasAt(node, prefixKeyword), schemaAt(node, restKeyword)]
  if (rest) return { prefix, rest, prefixKeyword, restKeyword, certain: true }
  return {
    prefix,
    rest: schemaAt(node, 'unevaluatedItems'),
    prefixKeyword,
    restKeyword: 'unevaluatedItems',
    certain: evaluating.every((name) => keyword(node, name) === undefined),
  }
}

/** What is known of the item at a position. */
export function itemAt({ prefix, rest, certain }: ItemModel, position: number): readonly SchemaNode[] {
  const item = prefix[position] ?? (certain ? rest : undefined)
  return item ? [item] : []
}
