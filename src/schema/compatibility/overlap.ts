import type { Comparison } from './comparison.ts'
import { type Conjunction, conjunctionOf } from './conjunction.ts'
import { type Least, leastOf, type Most, mostOf } from './counts.ts'
import { constraints } from './keywords.ts'
import { keyword, type SchemaNode } from './node.ts'
import { boundOf } from './numbers.ts'
import { objectAt, schemasFor } from './object-model.ts'
import type { ValueType } from './types.ts'

/** How deep tags are looked for. */
const deepest = 3

/** Whether it is certain that no value fits both. */
export function disjoint(
  comparison: Comparison,
  a: readonly SchemaNode[],
  b: readonly SchemaNode[],
  depth = 0,
): boolean {
  comparison.spend(1)
  const [left, right] = [conjunctionOf(a), conjunctionOf(b)]
  if (left.never || right.never) return true
  const common = left.types.intersection(right.types)
  if (common.size === 0 || haveNoCommonValue(comparison, left, right)) return true
  if ([...common].every((type) => boundsAreApart(left, right, type))) return true
  if (depth >= deepest) return false
  if (common.size === 1 && common.has('object') && isTagged(comparison, left, right, depth + 1)) return true
  const apart = (sums: Conjunction, other: readonly SchemaNode[]): boolean =>
    sums.sums.some(({ members }) =>
      members.every((member) => disjoint(comparison, [member], other, depth + 1)),
    )
  return apart(left, b) || apart(right, a)
}

/** Whether it is certain that a value fits both: only for schemas that say little. */
export function overlap(a: readonly SchemaNode[], b: readonly SchemaNode[]): boolean {
  const [left, right] = [conjunctionOf(a), conjunctionOf(b)]
  if (left.never || right.never || left.sums.length + right.sums.length > 0) return false
  return [...left.types.intersection(right.types)].some(
    (type) => isSimple(left, type) && isSimple(right, type) && !boundsAreApart(left, right, type),
  )
}

function haveNoCommonValue({ canonical }: Comparison, left: Conjunction, right: Conjunction): boolean {
  const [listed, others] = [left.values, right.values]
  if (listed === undefined || others === undefined) return false
  const known = new Set(others.map((value) => canonical.of(value)))
  return !listed.some((value) => known.has(canonical.of(value)))
}

const counted: ReadonlyMap<ValueType, readonly [Least, Most]> = new Map<ValueType, [Least, Most]>([
  ['string', ['minLength', 'maxLength']],
  ['array', ['minItems', 'maxItems']],
  ['object', ['minProperties', 'maxProperties']],
])

function boundsAreApart(left: Conjunction, right: Conjunction, type: ValueType): boolean {
  if (type === 'integer' || type === 'fraction') return isAbove(left, right) || isAbove(right, left)
  const names = counted.get(type)
  if (names === undefined) return false
  const [least, most] = names
  return (
    Math.max(leastOf(left, least), leastOf(right, least)) > Math.min(mostOf(left, most), mostOf(right, most))
  )
}

/** Whether every number of the one is larger than every number of the other. */
function isAbove(upper: Conjunction, lower: Conjunction): boolean {
  const [least, most] = [boundOf(upper, 'minimum'), boundOf(lower, 'maximum')]
  if (least === undefined || most === undefined) return false
  return least.value > most.value || (least.value === most.value && (least.exclusive || most.exclusive))
}

/** Whether a property that must be there tells them apart, as a tag does. */
function isTagged(comparison: Comparison, left: Conjunction, right: Conjunction, depth: number): boolean {
  const schemas = (side: Conjunction, name: string): readonly SchemaNode[] =>
    side.plain.map(objectAt).flatMap((model) => schemasFor(model, name, comparison.patterns))
  return [...left.required.union(right.required)].some((name) => {
    return disjoint(comparison, schemas(left, name), schemas(right, name), depth)
  })
}

const ofOtherTypes: ReadonlyMap<string, readonly ValueType[]> = new Map<string, readonly ValueType[]>([
  ...['minLength', 'maxLength', 'pattern'].map((name): [string, ValueType[]] => [name, ['string']]),
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'].map(
    (name): [string, ValueType[]] => [name, ['integer', 'fraction']],
  ),
  ...[
    'properties',
    'required',
    'additionalProperties',
    'patternProperties',
    'minProperties',
    'maxProperties',
  ].map((name): [string, ValueType[]] => [name, ['object']]),
  ...['items', 'prefixItems', 'additionalItems', 'minItems', 'maxItems', 'uniqueItems', 'contains'].map(
    (name): [string, ValueType[]] => [name, ['array']],
  ),
])
/** `conjunctionOf` has taken these apart. */
const combining: ReadonlySet<string> = new Set(['anyOf', 'oneOf'])
const says: ReadonlySet<string> = new Set(constraints)

/** Whether the keywords that count for a type are known to be met by some value. */
function isSimple({ plain }: Conjunction, type: ValueType): boolean {
  return plain.every((node) => {
    if (typeof node.schema === 'boolean') return node.schema
    return Object.keys(node.schema).every((name) => {
      if (!says.has(name) || name === 'type' || keyword(node, name) === undefined) return true
      if (combining.has(name)) return true
      if (type === 'string' && (name === 'minLength' || name === 'maxLength')) return true
      const types = ofOtherTypes.get(name)
      return types !== undefined && !types.includes(type)
    })
  })
}
