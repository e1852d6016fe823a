import { isObject, type JsonSchema } from '../json-schema.ts'
import { compareSchemas } from './compare.ts'
import type { Difference } from './difference.ts'
import { type Witness, witnessOf } from './witness.fixture.ts'

export type Pair = readonly [writer: JsonSchema, reader: JsonSchema]

/**
 * What is left of two schemas when everything is taken out of both without which there is still a difference at the place; or,
 * as soon as one shows, the value that proves it.
 */
export function withoutSurroundings(pair: Pair, { path }: Difference): Witness | Pair {
  let left = pair
  for (let progress = true; progress; ) {
    progress = false
    for (const place of placesIn(left)) {
      const fewer = [without(left[0], place), without(left[1], place)] as const
      if (!breaksAt(path, fewer)) continue
      left = fewer
      progress = true
      const witness = witnessOf(...left, 'quick')
      if (witness !== undefined && witness !== 'unknown') return witness
    }
  }
  const witness = witnessOf(...left)
  return witness === undefined || witness === 'unknown' ? left : witness
}

/** In whatever way: with less around it, a keyword that was tightened may be one that was added. */
function breaksAt(path: string, [writer, reader]: Pair): boolean {
  try {
    return compareSchemas({ schema: writer }, { schema: reader }).some(
      (each) => each.breaks && each.path === path,
    )
  } catch {
    return false
  }
}

type Place = readonly (string | number)[]

/** Every keyword and every name in either schema, the outer ones first. */
function placesIn(pair: Pair): readonly Place[] {
  const places = new Map<string, Place>()
  const walk = (value: unknown, place: Place): void => {
    if (isObject(value))
      for (const key of Object.keys(value)) places.set(JSON.stringify([...place, key]), [...place, key])
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value))
      walk(inner, [...place, Array.isArray(value) ? Number(key) : key])
  }
  for (const schema of pair) walk(schema, [])
  // Without its draft a schema would mean something else.
  places.delete('["$schema"]')
  return [...places.values()].toSorted((a, b) => a.length - b.length)
}

function without(schema: JsonSchema, place: Place): JsonSchema {
  const copy: JsonSchema = structuredClone(schema)
  let at: unknown = copy
  for (const token of place.slice(0, -1)) {
    if (typeof at !== 'object' || at === null) return copy
    at = Object.entries(at).find(([key]) => key === String(token))?.[1]
  }
  const last = place.at(-1)
  if (isObject(at) && typeof last === 'string') Reflect.deleteProperty(at, last)
  return copy
}
