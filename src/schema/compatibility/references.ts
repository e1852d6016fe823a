import { TidingsError } from '../../kernel/index.ts'
import type { SchemaSource } from './difference.ts'
import { SchemaDocument } from './document.ts'
import { placeOf, type SchemaNode, stringAt } from './node.ts'

const keywords = ['$ref', '$dynamicRef', '$recursiveRef']

/** The documents of one side of a comparison: the schema itself and what its references lead to. */
export class References {
  readonly root: SchemaNode
  readonly nextId: () => number
  readonly #source: SchemaSource
  readonly #external = new Map<string, SchemaDocument>()

  constructor(source: SchemaSource, nextId: () => number) {
    this.#source = source
    this.nextId = nextId
    this.root = new SchemaDocument(source.schema, this).root
  }

  /**
   * The schemas that a node refers to. A `$dynamicRef` is followed like a `$ref`.
   * @throws `schema_reference_missing`
   */
  from(node: SchemaNode): readonly SchemaNode[] {
    return keywords.flatMap((name) => {
      const reference = stringAt(node, name)
      return reference === undefined ? [] : [this.#follow(node, name, reference)]
    })
  }

  #follow(node: SchemaNode, name: string, reference: string): SchemaNode {
    const target = node.document.find(reference, node) ?? this.#outside(node, reference)
    if (target) return target
    throw new TidingsError(
      'schema_reference_missing',
      `${placeOf(node, name)} refers to ${JSON.stringify(reference)}, which is neither in the schema nor among its references. Put it under $defs, or register it and name it as a reference.`,
    )
  }

  #outside(node: SchemaNode, reference: string): SchemaNode | undefined {
    const [address = '', fragment = ''] = reference.split('#', 2)
    if (address === '') return undefined
    const full = URL.parse(address, node.base)?.href ?? address
    const document = this.#document(address) ?? this.#document(full)
    if (!document) return undefined
    return fragment === '' ? document.root : document.find(`#${fragment}`, document.root)
  }

  #document(address: string): SchemaDocument | undefined {
    const known = this.#external.get(address)
    if (known) return known
    const schema = this.#source.resolve?.(address)
    if (schema === undefined) return undefined
    const document = new SchemaDocument(schema, this, address)
    this.#external.set(address, document)
    return document
  }
}
