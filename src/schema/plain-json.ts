import { limits } from '../kernel/index.ts'

type Refuse = (reason: string) => never

/**
 * A frozen copy with nothing in it but JSON: regular expressions become their source, `undefined` is dropped, and
 * whatever else JSON would lose in silence is refused with a reason.
 */
export function plainJson(value: unknown, refuse: Refuse, path = '', depth = 0): unknown {
  if (depth > limits.schemaDepth) return refuse(`it nests more than ${limits.schemaDepth} levels deep.`)
  const inside = (key: string | number, inner: unknown): unknown =>
    plainJson(inner, refuse, `${path}/${key}`, depth + 1)
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (value instanceof RegExp) return patternOf(value, path, refuse)
  if (Array.isArray(value)) return Object.freeze(value.map((element, at) => inside(at, element)))
  if (isPlainObject(value)) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
    return Object.freeze(Object.fromEntries(entries.map(([key, inner]) => [key, inside(key, inner)])))
  }
  return refuse(`${path || 'it'} is a ${kindOf(value)}, which JSON does not have.`)
}

function patternOf(pattern: RegExp, path: string, refuse: Refuse): string {
  const flags = pattern.flags.replaceAll(/[dguvy]/g, '')
  if (flags === '') return pattern.source
  return refuse(
    `${path} is a pattern with the flags "${flags}". JSON Schema has none: write them into the pattern.`,
  )
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function kindOf(value: unknown): string {
  return typeof value === 'object' ? (value?.constructor.name ?? 'object') : typeof value
}
