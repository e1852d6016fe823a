import { isObject } from '../json-schema.ts'
import { keyword, numberAt, type SchemaNode, schemasAt, stringsAt } from './node.ts'
import { allTypes, typeOf, typesNamed, type ValueType } from './types.ts'

export type SumKind = 'anyOf' | 'oneOf'

/** Alternatives of which one must accept a value (`anyOf`), or exactly one (`oneOf`). */
export interface Sum {
  readonly kind: SumKind
  readonly owner: SchemaNode
  readonly members: readonly SchemaNode[]
}

/**
 * What must hold of a value together: schemas with everything that they refer to or are composed of by `allOf` beside
 * them, and the alternatives apart. Alternatives of one member are that member.
 */
export class Conjunction {
  /** Each with its own keywords alone. */
  readonly plain: readonly SchemaNode[]
  readonly sums: readonly Sum[]
  /** One of the schemas is `false`: nothing is valid. */
  readonly never: boolean
  #types: ReadonlySet<ValueType> | undefined
  #values: { readonly list: readonly unknown[] | undefined } | undefined
  readonly #numbers = new Map<string, number | undefined>()

  constructor(plain: readonly SchemaNode[], sums: readonly Sum[], never: boolean) {
    this.plain = plain
    this.sums = sums
    this.never = never
  }

  /** What a value can be. */
  get types(): ReadonlySet<ValueType> {
    this.#types ??= this.#possibleTypes()
    return this.#types
  }

  /** Every value that is valid, where they are listed; further keywords may leave fewer of them. */
  get values(): readonly unknown[] | undefined {
    this.#values ??= { list: this.#listedValues() }
    return this.#values.list
  }

  admits(...types: readonly ValueType[]): boolean {
    return types.some((type) => this.types.has(type))
  }

  get required(): ReadonlySet<string> {
    return new Set(this.plain.flatMap((node) => stringsAt(node, 'required')))
  }

  /** The strictest of a keyword that gives a lower bound. */
  largest(name: string): number | undefined {
    return this.#number(name, Math.max)
  }

  /** The strictest of a keyword that gives an upper bound. */
  smallest(name: string): number | undefined {
    return this.#number(name, Math.min)
  }

  #number(name: string, strictest: (...numbers: number[]) => number): number | undefined {
    if (this.#numbers.has(name)) return this.#numbers.get(name)
    const given = this.plain.map((node) => numberAt(node, name)).filter((number) => number !== undefined)
    const number = given.length === 0 ? undefined : given.reduce((a, b) => strictest(a, b))
    this.#numbers.set(name, number)
    return number
  }

  #possibleTypes(): ReadonlySet<ValueType> {
    const lists = this.plain
      .map((node) => keyword(node, 'type'))
      .filter((type) => type !== undefined)
      .map(typesNamed)
    const ofValues = this.#lists().map((values) => new Set(values.map(typeOf)))
    const possible = [...lists, ...ofValues].reduce((left, types) => left.intersection(types), allTypes)
    return this.plain.reduce((left, node) => left.difference(typesRefused(node)), possible)
  }

  #lists(): readonly (readonly unknown[])[] {
    return this.plain.flatMap((node) =>
      [valuesAt(node, 'const'), valuesAt(node, 'enum')].filter((values) => values !== undefined),
    )
  }

  #listedValues(): readonly unknown[] | undefined {
    const lists = this.#lists()
    if (lists.length > 0) return lists.reduce(inBoth)
    const { types } = this
    if (types.size === 0 || [...types].some((type) => type !== 'null' && type !== 'boolean')) return undefined
    return [...types].flatMap((type) => (type === 'null' ? [null] : [false, true]))
  }
}

const nothing: ReadonlySet<ValueType> = new Set()

/** What a `not` refuses that names types and says nothing else. */
function typesRefused(node: SchemaNode): ReadonlySet<ValueType> {
  const refused = keyword(node, 'not')
  if (refused === undefined) return nothing
  if (refused === true) return allTypes
  if (!isObject(refused) || Object.keys(refused).some((name) => name !== 'type')) return nothing
  return typesNamed(refused['type'])
}

/** Objects and arrays are not looked into: they stay. */
function inBoth(left: readonly unknown[], right: readonly unknown[]): readonly unknown[] {
  const known = new Set(right)
  return left.filter((value) => (typeof value === 'object' && value !== null) || known.has(value))
}

/** The values that `const` or `enum` lists. */
export function valuesAt(node: SchemaNode, name: 'const' | 'enum'): readonly unknown[] | undefined {
  const value = keyword(node, name)
  if (name === 'const') return value === undefined ? undefined : [value]
  return Array.isArray(value) ? value : undefined
}

/** @throws `schema_reference_missing` */
export function conjunctionOf(nodes: readonly SchemaNode[]): Conjunction {
  const [plain, sums, seen] = [new Set<SchemaNode>(), [] as Sum[], new Set<SchemaNode>()]
  let never = false
  const open = nodes.toReversed()
  for (let node = open.pop(); node; node = open.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    never ||= node.schema === false
    if (typeof node.schema === 'boolean') continue
    plain.add(node.bare ? node : node.document.bare(node))
    if (node.bare) continue
    const inside = [...node.document.references.from(node), ...schemasAt(node, 'allOf')]
    for (const kind of ['anyOf', 'oneOf'] as const) {
      const members = schemasAt(node, kind)
      if (members.length === 1) inside.push(...members)
      else if (members.length > 1) sums.push({ kind, owner: node, members })
    }
    open.push(...inside.toReversed())
  }
  return new Conjunction([...plain], sums, never)
}
