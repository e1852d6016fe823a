type Method = (...given: readonly unknown[]) => unknown

/** What a member of a port becomes; undefined leaves it as it is. */
export type Wrap = (name: string, value: unknown) => unknown

/**
 * A port with some of its members replaced, and all others as they are, whatever else its object has: methods run on the
 * port itself, so that private fields are found.
 */
export function wrapped<Port extends object>(port: Port, wrap: Wrap): Port {
  const members = new WeakMap<object, unknown>()
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (!isObject(value)) return value
      let member = members.get(value)
      if (member === undefined) {
        const bound = isMethod(value) ? value.bind(target) : value
        member = (typeof name === 'string' ? wrap(name, bound) : undefined) ?? bound
        members.set(value, member)
      }
      return member
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  })
}

/** Wraps a method, where it is one. */
export function around(
  value: unknown,
  call: (run: () => unknown, given: readonly unknown[]) => unknown,
): unknown {
  if (!isMethod(value)) return undefined
  return (...given: readonly unknown[]) => call(() => value(...given), given)
}

function isObject(value: unknown): value is object {
  return typeof value === 'function' || (typeof value === 'object' && value !== null)
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function'
}
