import { isDeepStrictEqual } from 'node:util'
import type { Folded } from './fold.ts'

/** One place where two states differ. */
export interface StateChange {
  /** A JSON Pointer; empty for the whole. */
  readonly path: string
  /** Undefined where it was not there. */
  readonly from: unknown
  /** Undefined where it is gone. */
  readonly to: unknown
}

/** Two states of a stream. */
export interface StateDifference {
  readonly from: Folded<unknown>
  readonly to: Folded<unknown>
  readonly changes: readonly StateChange[]
}

/** Where two states differ, in the order of the places. Arrays are compared element by element. */
export function differencesOf(from: unknown, to: unknown, path = ''): readonly StateChange[] {
  if (isDeepStrictEqual(from, to)) return []
  if (!isContainer(from) || !isContainer(to) || Array.isArray(from) !== Array.isArray(to))
    return [{ path, from, to }]
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])]
  return names.flatMap((name) =>
    differencesOf(from[name], to[name], `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  )
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
