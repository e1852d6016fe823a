const indent = '  '
/** Lists of short values stay on one line up to here. */
const lineLength = 80

/** A JSON value as a TypeScript literal, as formatters leave it: single quotes, no needless ones, commas at the end. */
export function literal(value: unknown, depth: number): string {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return list(value, depth)
  if (typeof value === 'object' && value !== null) return object(value, depth)
  return String(value)
}

function list(values: readonly unknown[], depth: number): string {
  const plain = values.every((value) => typeof value !== 'object' || value === null)
  const line = `[${values.map((value) => literal(value, depth)).join(', ')}]`
  if (values.length === 0 || (plain && line.length + depth * indent.length <= lineLength)) return line
  return block(
    '[',
    values.map((value) => literal(value, depth + 1)),
    ']',
    depth,
  )
}

function object(value: object, depth: number): string {
  const entries = Object.entries(value)
  if (entries.length === 0) return '{}'
  const lines = entries.map(([key, inner]) => `${keyOf(key)}: ${literal(inner, depth + 1)}`)
  return block('{', lines, '}', depth)
}

function block(open: string, lines: readonly string[], close: string, depth: number): string {
  const inner = indent.repeat(depth + 1)
  return `${open}\n${lines.map((line) => `${inner}${line},\n`).join('')}${indent.repeat(depth)}${close}`
}

/** `__proto__` as a plain key would set the prototype of the literal. */
function keyOf(key: string): string {
  if (key === '__proto__') return "['__proto__']"
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key)
}

function quoted(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')
  const escaped = inner.replaceAll("'", "\\'").replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
  // Formatters take the quotes that need fewer escapes.
  return text.includes("'") && !text.includes('"') ? JSON.stringify(text) : `'${escaped}'`
}

/** `ordersCreated` of com.example.orders.created; of a name that is taken, or is no name, one that is not. */
export function definitionName(type: string, taken: Set<string>): string {
  const words = type
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .slice(-2)
  const [first = 'event', ...rest] = words
  const joined = [
    first.charAt(0).toLowerCase() + first.slice(1),
    ...rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)),
  ].join('')
  const base =
    /^[A-Za-z]/.test(joined) && !reserved.has(joined)
      ? joined
      : `event${joined.charAt(0).toUpperCase()}${joined.slice(1)}`
  let name = base
  for (let count = 2; taken.has(name); count++) name = `${base}${count}`
  taken.add(name)
  return name
}

/** Names of one or two words that no variable of a module may have. */
const reserved: ReadonlySet<string> = new Set(
  'arguments await break case catch class const continue debugger default defineEvent delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield'.split(
    ' ',
  ),
)
