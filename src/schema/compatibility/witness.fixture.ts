import fc from 'fast-check'
import { compileSchema, type Validator } from '../compile.ts'
import { isObject, type JsonSchema } from '../json-schema.ts'
import { directed, edgesInside } from './directed.fixture.ts'
import { instance } from './oracle.fixture.ts'

/** How many valid values are changed at every place, to find one that is not read. */
const changed = 24
const anywhere = fc.sample(instance, { numRuns: 200, seed: 5 })

/** A value that is valid as `writer` and not as `reader`. */
export type Witness = readonly [unknown]

/**
 * `undefined`: none was found. `unknown`: Ajv cannot say, since it refuses a schema, or never ends in one that refers to
 * itself before it looks at any value.
 */
export function witnessOf(
  writer: JsonSchema,
  reader: JsonSchema,
  effort: 'quick' | 'thorough' = 'thorough',
): Witness | undefined | 'unknown' {
  const validators = compiled(writer, reader)
  if (!validators) return 'unknown'
  try {
    const edges = effort === 'quick' ? undefined : edgesInside([writer, reader])
    return search(validators, [...directed(writer, [reader]), ...anywhere], edges)
  } catch {
    return 'unknown'
  }
}

function search(
  [writer, reader]: readonly [Validator, Validator],
  values: readonly unknown[],
  edges: readonly unknown[] | undefined,
): Witness | undefined {
  const valid = values.filter((value) => writer(value).length === 0)
  const fails = (value: unknown): boolean => reader(value).length > 0
  const found = valid.findIndex(fails)
  if (found >= 0) return [valid[found]]
  if (edges === undefined) return undefined
  const pool = [...new Map([...values, ...edges].map((value) => [JSON.stringify(value), value])).values()]
  for (const value of [...thinned(valid.filter(Array.isArray)), ...thinned(valid.filter(isObject))]) {
    for (const variant of variants(value, pool)) {
      if (writer(variant).length === 0 && fails(variant)) return [variant]
    }
  }
  return undefined
}

function thinned(values: readonly unknown[]): readonly unknown[] {
  const step = Math.max(1, Math.floor(values.length / changed))
  return values.filter((_, at) => at % step === 0)
}

const names = ['a', 'b', 'c', 'x', 'z', 'ab', 'abc', 'long']

/** The value with another one at each place inside it, and one more. */
function* variants(value: unknown, pool: readonly unknown[]): Generator {
  if (Array.isArray(value)) {
    yield [...value, ...value]
    for (let at = 0; at <= value.length; at++) {
      for (const other of pool) yield value.toSpliced(at, 1, other)
      for (const other of at < value.length ? variants(value[at], pool) : [])
        yield value.toSpliced(at, 1, other)
    }
  } else if (isObject(value)) {
    for (const name of names) {
      for (const other of pool) yield { ...value, [name]: other }
      for (const other of variants(value[name], pool)) yield { ...value, [name]: other }
    }
  }
}

/** Ajv accepts arrays without what they must contain when `contains` stands beside these. */
const wrongInAjv = /prefixItems|additionalItems|unevaluatedItems|"items":\[/

function compiled(writer: JsonSchema, reader: JsonSchema): readonly [Validator, Validator] | undefined {
  const text = JSON.stringify([writer, reader])
  if (text.includes('"contains"') && wrongInAjv.test(text)) return undefined
  try {
    return [compileSchema(writer), compileSchema(reader)]
  } catch {
    return undefined
  }
}
