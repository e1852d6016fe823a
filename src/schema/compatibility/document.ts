import { limits, TidingsError } from '../../kernel/index.ts'
import { isObject, type JsonSchema } from '../json-schema.ts'
import { isSchema, type SchemaNode } from './node.ts'
import { pointerTo, tokensOf } from './pointer.ts'
import type { References } from './references.ts'

/** The base of a document without `$id`; it never leaves this folder. */
const noBase = 'schema://document/'

const newIn2019 = [
  'dependentRequired',
  'dependentSchemas',
  'maxContains',
  'minContains',
  'unevaluatedItems',
  'unevaluatedProperties',
]
const newIn2020 = ['$dynamicRef', 'prefixItems']

/** What each draft does not know; a document that names no draft may use the words of all. */
const unknown: readonly (readonly [string, ReadonlySet<string>])[] = [
  ['draft-07', new Set([...newIn2019, ...newIn2020, '$recursiveRef'])],
  ['2019-09', new Set(newIn2020)],
  ['2020-12', new Set(['additionalItems', '$recursiveRef'])],
]
const knowsAll: ReadonlySet<string> = new Set()

/** A JSON Schema document: its nodes, and where its references lead. */
export class SchemaDocument {
  /** What others call it; empty for the schema that is compared. */
  readonly address: string
  readonly root: SchemaNode
  /** The side that it is of. */
  readonly references: References
  readonly #ignored: ReadonlySet<string>
  readonly #nodes = new Map<string, SchemaNode>()
  readonly #bare = new Map<SchemaNode, SchemaNode>()
  #addresses: ReadonlyMap<string, SchemaNode> | undefined

  /** @throws `schema_invalid` when it nests too deep. */
  constructor(schema: JsonSchema | boolean, references: References, address = '') {
    refuseTooDeep(schema)
    this.address = address
    this.references = references
    const draft = isObject(schema) && typeof schema['$schema'] === 'string' ? schema['$schema'] : ''
    this.#ignored = unknown.find(([name]) => draft.includes(name))?.[1] ?? knowsAll
    this.root = this.#node(schema, '', address === '' ? noBase : (absolute(address, noBase) ?? noBase))
  }

  ignores(keyword: string): boolean {
    return this.#ignored.has(keyword)
  }

  /** The node of a schema inside another one. */
  child(
    parent: SchemaNode,
    schema: JsonSchema | boolean,
    ...tokens: readonly (string | number)[]
  ): SchemaNode {
    return this.#node(schema, pointerTo(parent.pointer, ...tokens), parent.base)
  }

  /** The same place with its own keywords alone. */
  bare(node: SchemaNode): SchemaNode {
    if (node.bare) return node
    const known = this.#bare.get(node)
    if (known) return known
    const bare: SchemaNode = { ...node, id: this.references.nextId(), bare: true }
    this.#bare.set(node, bare)
    return bare
  }

  /** The node that a bare one was made of. */
  whole(node: SchemaNode): SchemaNode {
    return this.#nodes.get(node.pointer) ?? node
  }

  /** Where a reference leads inside this document; `undefined` where it leads out of it, or nowhere. */
  find(reference: string, from: SchemaNode): SchemaNode | undefined {
    const [address = '', fragment = ''] = reference.split('#', 2)
    const root = address === '' ? undefined : this.#named(absolute(address, from.base))
    if (address !== '' && root === undefined) return undefined
    const resource = root ?? this.#named(from.base) ?? this.root
    const tokens = tokensOf(fragment)
    if (tokens) return this.#at(resource, tokens)
    return this.#named(`${resource.base}#${fragment}`) ?? this.#named(`${from.base}#${fragment}`)
  }

  #at(from: SchemaNode, tokens: readonly string[]): SchemaNode | undefined {
    let { schema: value, base }: { schema: unknown; base: string } = from
    for (const token of tokens) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, token)) return undefined
      value = Object.entries(value).find(([key]) => key === token)?.[1]
      base = baseInside(value, base)
    }
    return isSchema(value) ? this.#node(value, pointerTo(from.pointer, ...tokens), base) : undefined
  }

  #named(address: string | undefined): SchemaNode | undefined {
    this.#addresses ??= this.#collectAddresses()
    return address === undefined ? undefined : this.#addresses.get(address)
  }

  /** Every `$id` and `$anchor`, wherever it stands. */
  #collectAddresses(): ReadonlyMap<string, SchemaNode> {
    const found = new Map<string, SchemaNode>([[this.root.base, this.root]])
    const open: { value: unknown; pointer: string; base: string }[] = [
      { value: this.root.schema, pointer: '', base: this.root.base },
    ]
    for (let place = open.pop(); place; place = open.pop()) {
      const { value, pointer } = place
      if (typeof value !== 'object' || value === null) continue
      const base = baseInside(value, place.base)
      if (isObject(value)) {
        if (base !== place.base) found.set(base, this.#node(value, pointer, base))
        for (const anchor of anchorsOf(value))
          found.set(`${base}#${anchor}`, this.#node(value, pointer, base))
      }
      for (const [key, inner] of Object.entries(value)) {
        open.push({ value: inner, pointer: pointerTo(pointer, key), base })
      }
    }
    return found
  }

  #node(schema: JsonSchema | boolean, pointer: string, base: string): SchemaNode {
    const known = this.#nodes.get(pointer)
    if (known) return known
    const node: SchemaNode = {
      id: this.references.nextId(),
      schema,
      document: this,
      pointer,
      base: baseInside(schema, base),
      bare: false,
    }
    this.#nodes.set(pointer, node)
    return node
  }
}

function baseInside(schema: unknown, base: string): string {
  const id = isObject(schema) ? schema['$id'] : undefined
  if (typeof id !== 'string' || id.startsWith('#')) return base
  return absolute(id, base)?.replace(/#$/, '') ?? base
}

/** Draft-07 writes an anchor as the fragment of `$id`. */
function anchorsOf(schema: JsonSchema): readonly string[] {
  const { $anchor, $dynamicAnchor, $id } = schema
  const ofId = typeof $id === 'string' && $id.startsWith('#') ? $id.slice(1) : undefined
  return [$anchor, $dynamicAnchor, ofId].filter((anchor) => typeof anchor === 'string')
}

function absolute(address: string, base: string): string | undefined {
  return URL.parse(address, base)?.href
}

function refuseTooDeep(schema: unknown): void {
  let level: readonly unknown[] = [schema]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limits.schemaDepth) {
      throw new TidingsError(
        'schema_invalid',
        `The schema nests more than ${limits.schemaDepth} levels deep. Divide it with $ref and $defs.`,
      )
    }
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    )
  }
}
