/**
 * What of a state JSON would lose in silence: a Map, a Date, a class of one's own; undefined for none. A property that is
 * `undefined` is as good as absent.
 */
export function plainFault(value: unknown, path = ''): string | undefined {
  if (value === null || value === undefined) return undefined
  if (typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value === 'number' && Number.isFinite(value)) return undefined
  if (typeof value !== 'object') return `${path || 'it'} is a ${typeof value}, which JSON does not have`
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null)
    return `${path || 'it'} is a ${value.constructor.name}, which JSON does not have`
  for (const [name, inner] of Object.entries(value)) {
    const fault = plainFault(inner, `${path}/${name}`)
    if (fault !== undefined) return fault
  }
  return undefined
}
